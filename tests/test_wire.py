"""Frames come back as they were written, or not at all."""

import io
import math

import numpy as np
import pytest

from nmflab.wire import FrameReader, WireError, format, write_frame

MESSAGE = {"type": "fit", "reason": "χ² fell — µ", "values": [1, 2.5, None, True]}


def written(message, arrays=None):
    """Return the bytes of one frame."""
    sink = io.BytesIO()
    write_frame(sink, message, arrays)
    return sink.getvalue()


def read(data):
    """Return the first frame in some bytes."""
    return FrameReader(io.BytesIO(data)).read()


class Trickle(io.BytesIO):
    """A pipe that hands out a few bytes at a time."""

    def readinto(self, buffer, /):
        """Fill at most seven bytes."""
        return super().readinto(memoryview(buffer)[:7])


class Sip(io.BytesIO):
    """A pipe that takes a few bytes at a time."""

    def write(self, data, /):
        """Take at most 1,000 bytes."""
        return super().write(bytes(data[:1000]))


def test_a_message_comes_back_equal():
    """Text beyond ASCII, numbers, null and truth values survive."""
    message, arrays = read(written(MESSAGE))
    assert message == MESSAGE
    assert arrays == {}


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12)[::2],
        np.array(3.5),
        np.empty((0, 8)),
        np.array([True, False, True]),
        np.arange(5, dtype=">i4"),
        np.arange(5, dtype=np.float32),
        np.array(["µ", "longer"]),
        np.array([1 + 2j]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.random.default_rng(0).random((300, 100)),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_bit_for_bit(array):
    """Value, dtype and shape survive, whatever the memory order and the size."""
    _, arrays = read(written({}, {"odd": np.ones(1, np.int8), "it": array}))
    back = arrays["it"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_arrays_come_back_aligned_and_writable():
    """Compiled kernels can be given what arrives, after an array of odd length too."""
    arrays = {"odd": np.ones(3, np.int8), "even": np.ones(4), "large": np.ones(10**5)}
    for back in read(written(MESSAGE, arrays))[1].values():
        assert back.flags.aligned
        assert back.flags.writeable


def test_not_a_number_and_infinity_survive():
    """A diverged objective can be reported."""
    message, _ = read(written({"a": math.nan, "b": math.inf}))
    assert math.isnan(message["a"])
    assert message["b"] == math.inf


def test_numpy_scalars_are_written_as_numbers():
    """A record with an np.float32 or np.int64 in it is a good record."""
    message, _ = read(written({"a": np.float32(0.5), "b": np.int64(3), "c": np.True_}))
    assert message == {"a": 0.5, "b": 3, "c": True}


def test_frames_are_read_one_after_another_until_the_end():
    """Many frames in one block come back in order, small and large, then None."""
    large = np.arange(50_000.0)
    data = b"".join(
        written({"i": i}, {"x": large[: i * 10_000]} if i % 2 else None)
        for i in range(6)
    )
    reader = FrameReader(io.BytesIO(data))
    for i in range(6):
        message, arrays = reader.read()
        assert message == {"i": i}
        assert arrays.get("x", np.empty(0)).size == (i * 10_000 if i % 2 else 0)
    assert reader.read() is None


def test_a_pipe_that_trickles_gives_the_same_frames():
    """Half a frame is waited for, wherever it is cut."""
    x = np.arange(20_000.0)
    data = written(MESSAGE, {"x": x}) + written({"i": 1}) + written({"i": 2})
    reader = FrameReader(Trickle(data))
    message, arrays = reader.read()
    assert message == MESSAGE
    assert np.array_equal(arrays["x"], x)
    assert [reader.read()[0]["i"], reader.read()[0]["i"]] == [1, 2]
    assert reader.read() is None


def test_a_pipe_that_takes_little_at_a_time_gets_everything():
    """Partial writes are continued."""
    sink = Sip()
    x = np.arange(20_000.0)
    write_frame(sink, MESSAGE, {"x": x})
    assert np.array_equal(read(sink.getvalue())[1]["x"], x)


def test_a_stream_cut_anywhere_within_a_frame_is_an_error():
    """No cut is taken for the end of the stream, and no half frame for a whole one."""
    data = written(MESSAGE, {"x": np.arange(3.0)})
    for cut in range(1, len(data)):
        with pytest.raises(WireError, match="ended within a frame"):
            read(data[:cut])


def test_any_altered_byte_is_an_error():
    """Magic, lengths, header and array bytes: a change anywhere is noticed."""
    data = written(MESSAGE, {"x": np.arange(3.0)})
    for at in range(len(data)):
        altered = bytearray(data)
        altered[at] ^= 0x41
        with pytest.raises(WireError):
            read(bytes(altered))


@pytest.mark.parametrize(
    "array",
    [np.array([object()]), np.zeros(2, dtype=[("a", "f8")]), np.zeros(2, dtype="V8")],
    ids=["object", "record", "void"],
)
def test_an_array_that_could_hold_objects_is_not_written(array):
    """Nothing is pickled: such an array is refused by name before a byte is written."""
    sink = io.BytesIO()
    with pytest.raises(WireError, match="array 'x' has dtype"):
        write_frame(sink, {}, {"x": array})
    assert sink.getvalue() == b""


@pytest.mark.parametrize("dtype", ["|O", "|V8", "nonsense"])
def test_an_array_that_could_hold_objects_is_not_read(monkeypatch, dtype):
    """The reader does not trust the writer."""
    monkeypatch.setattr(
        "nmflab.wire.writing._describe", lambda name, array: [name, dtype, [1]]
    )
    with pytest.raises(WireError, match="header is not as agreed"):
        read(written({}, {"x": np.ones(1)}))


@pytest.mark.parametrize("shape", [[2], [5], [-3], [3, 10**9], ["3"]])
def test_a_shape_that_does_not_fit_its_bytes_is_an_error(monkeypatch, shape):
    """Lengths are checked against each other, never believed."""
    monkeypatch.setattr(
        "nmflab.wire.writing._describe", lambda name, array: [name, "<f8", shape]
    )
    with pytest.raises(WireError, match="header is not as agreed"):
        read(written({}, {"x": np.ones(3)}))


@pytest.mark.parametrize(
    "message", [{"x": object()}, {"x": {1, 2}}, {"x": 1 + 2j}, {("a", "b"): 1}]
)
def test_a_message_that_is_not_json_is_not_written(message):
    """The error names the kind of message, and the pipe stays usable."""
    sink = io.BytesIO()
    with pytest.raises(WireError, match="message 'fit' cannot cross the pipe"):
        write_frame(sink, {"type": "fit"} | message)
    assert sink.getvalue() == b""


def test_a_message_that_holds_itself_is_not_written():
    """A cycle ends as a sentence, not as endless recursion."""
    message = {"type": "fit"}
    message["self"] = message
    with pytest.raises(WireError, match="cannot cross the pipe"):
        write_frame(io.BytesIO(), message)


def test_a_frame_over_the_limit_is_not_written(monkeypatch):
    """The writer holds the same limit as the reader."""
    monkeypatch.setattr(format, "MAX_PAYLOAD_BYTES", 1000)
    with pytest.raises(WireError, match="payload of 1600 bytes is over the limit"):
        written({}, {"x": np.ones(200)})


@pytest.mark.parametrize(("header", "payload"), [(2**32 - 1, 0), (16, 2**63)])
def test_a_frame_that_announces_too_much_is_an_error(header, payload):
    """A length that lies costs no memory."""
    prefix = format.PREFIX.pack(format.MAGIC, header, payload, 0)
    with pytest.raises(WireError, match="is over the limit"):
        read(prefix + b"x" * 100)


def test_bytes_that_are_no_frame_are_an_error():
    """What somebody else printed into the pipe is shown, not guessed at."""
    with pytest.raises(WireError, match="got bytes that start with b'Hell'"):
        read(b"Hello, I am a print statement.")


def test_a_message_that_is_no_object_is_an_error():
    """A frame's message is a JSON object, whatever else JSON allows."""
    with pytest.raises(WireError, match="not a JSON object"):
        read(written([1, 2]))


def test_pump_reads_once_and_returns_what_is_complete():
    """A reader told that something can be read is not held up by half a frame."""
    data = written({"i": 1}) + written({"i": 2})[:-1]
    reader = FrameReader(io.BytesIO(data))
    assert [message["i"] for message, _ in reader.pump()] == [1]
    with pytest.raises(WireError, match="ended within"):
        reader.pump()
