"""Tests of scenes, spectra and sounds: Samson, Raman, piano."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets import raman, samson
from nmflab_datasets._piano_pieces import PUBLISHED, Piece
from nmflab_datasets._spectrograms import Frames, Tail, Window, read_wav, spectrogram
from nmflab_datasets.piano import Piano, magnitudes, origin_of
from nmflab_datasets.raman import Raman
from nmflab_datasets.samson import Samson
from scipy.io import savemat, wavfile

RNG = np.random.default_rng(0)


@pytest.fixture
def real():
    """Return a function that loads published data; skips where they are absent."""

    def real(dataset, folder: str):
        path = Path(os.environ.get("NMFLAB_DATA", "")) / folder
        if "NMFLAB_DATA" not in os.environ or not path.is_dir():
            pytest.skip(f"NMFLAB_DATA holds no {folder}")
        return dataset.load(RNG)

    return real


def mat(**variables: np.ndarray) -> bytes:
    """Return the content of a MATLAB file."""
    stream = BytesIO()
    savemat(stream, variables)
    return stream.getvalue()


def wav(signal: np.ndarray, rate: int) -> bytes:
    """Return the content of a WAV file."""
    stream = BytesIO()
    wavfile.write(stream, rate, signal)
    return stream.getvalue()


def test_samson_pixels_and_abundances_are_reordered_alike():
    """Pixel y, x of the scene, stored column by column, is row 95 y + x of both."""
    number = np.arange(samson.N_PIXELS, dtype=float)
    V = np.tile(number, (samson.N_BANDS, 1))
    A = np.tile(number, (3, 1))
    M = np.ones((samson.N_BANDS, 3))
    X = samson.pixels(mat(V=V))
    truth = samson.endmembers(mat(A=A, M=M))
    y, x = 7, 40
    assert X[95 * y + x, 0] == y + 95 * x == truth.W[95 * y + x, 2]


def test_samson_bands_tile_the_published_spectrum():
    """156 bands of 3.13 nm from 401 to 889 nm, in micrometres."""
    centres = samson.band_centres()
    width = 0.488 / 156
    assert centres.shape == (156,)
    assert centres[0] - width / 2 == pytest.approx(0.401)
    assert centres[-1] + width / 2 == pytest.approx(0.889)
    np.testing.assert_allclose(np.diff(centres), width)


@pytest.mark.data
def test_samson_is_what_was_published(real):
    """9025 pixels in 156 bands, 0 to 1, dense with 1,406,754 nonzero cells."""
    data = real(Samson(), "samson")
    assert data.X.shape == (9025, 156)
    assert (data.X.min(), data.X.max()) == (0, 1)
    assert np.count_nonzero(data.X) == 1_406_754
    assert data.X.flags.c_contiguous
    assert data.extras["sample_shape"].tolist() == [95, 95]
    assert data.extras["endmember_names"] == ["soil", "tree", "water"]
    np.testing.assert_allclose(data.truth.W.sum(axis=1), 1, atol=1e-12)


@pytest.mark.data
def test_samsons_truth_does_not_give_the_scene(real):
    """Each spectrum has a scale of its own: the relative error is 1.5."""
    data = real(Samson(), "samson")
    error = np.linalg.norm(data.truth.reconstruct() - data.X)
    assert error / np.linalg.norm(data.X) == pytest.approx(1.505, abs=5e-4)


@pytest.mark.data
def test_samsons_pixels_are_spectra_of_what_is_there(real):
    """The mean spectrum of pure pixels is nearest, by angle, to its own endmember."""
    data = real(Samson(), "samson")
    pure = [data.X[data.truth.W[:, k] > 0.99].mean(axis=0) for k in range(3)]
    unit = [
        spectra / np.linalg.norm(spectra, axis=1, keepdims=True)
        for spectra in (np.array(pure), data.truth.H)
    ]
    assert (unit[0] @ unit[1].T).argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.data
def test_samsons_neighbours_are_alike_in_both_directions(real):
    """Pixels in right order make a smooth picture."""
    X = real(Samson(), "samson").X.reshape(95, 95, 156)
    spread = X.std()
    assert np.abs(np.diff(X, axis=0)).mean() < spread / 5
    assert np.abs(np.diff(X, axis=1)).mean() < spread / 5


@pytest.mark.data
def test_samson_by_bands_turns_the_truth_too(real):
    """156 x 9025: spectra in W, abundances in H, wavelengths on the rows."""
    data = real(Samson(samples="bands"), "samson")
    assert data.X.shape == (156, 9025)
    assert data.truth.W.shape == (156, 3)
    np.testing.assert_allclose(data.truth.H.sum(axis=0), 1, atol=1e-12)
    assert data.extras["image_shape"].tolist() == [95, 95]
    assert data.extras["row_wavelengths"].shape == (156,)


def test_a_scene_of_another_shape_is_refused():
    """The sentence names file and shapes."""
    with pytest.raises(ValueError, match=r"samson_1\.mat: variable 'V' has shape"):
        samson.pixels(mat(V=np.ones((156, 10))))


@pytest.mark.data
def test_raman_is_the_product_of_its_truth(real):
    """151 spectra of 2478 wavenumbers, of rank 5, without noise."""
    data = real(Raman(), "raman-smcr")
    assert data.X.shape == (151, 2478)
    assert data.truth.n_components == np.linalg.matrix_rank(data.X) == 5
    np.testing.assert_array_equal(data.truth.reconstruct(), data.X)
    np.testing.assert_allclose(data.truth.W.sum(axis=1), 1)
    np.testing.assert_allclose(data.truth.W[0], [1, 0, 0, 0, 0], atol=1e-12)
    assert data.X.min() > 0.1


@pytest.mark.data
def test_raman_by_wavenumbers_is_the_product_of_the_file(real):
    """2478 x 151: spectra in W."""
    data = real(Raman(samples="wavenumbers"), "raman-smcr")
    assert data.X.shape == (2478, 151)
    assert data.truth.W.shape == (2478, 5)
    assert data.truth.W.max() == pytest.approx(33_222.717, abs=1e-3)


def test_a_raman_file_without_its_factors_is_refused():
    """The sentence names what is not there."""
    with pytest.raises(ValueError, match=r"RamanSMCR\.mat holds no variable 'H'"):
        raman.species(mat(W=np.ones((2478, 5))))


def test_a_tone_stands_in_the_row_of_its_frequency():
    """A sine of 8 periods a window: half its amplitude times the sum of the window."""
    signal = 0.5 * np.sin(2 * np.pi * np.arange(640) / 8)
    X = spectrogram(signal, Frames(64, 32, Window.rectangular, Tail.drop))
    assert X.shape == (19, 33)
    assert (X.argmax(axis=1) == 8).all()
    np.testing.assert_allclose(X[:, 8], 0.5 * 64 / 2)
    np.testing.assert_allclose(np.delete(X, 8, axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("tail", "n_samples", "n_frames"),
    [("drop", 200, 5), ("pad", 200, 6), ("drop", 192, 5), ("pad", 192, 5)],
)
def test_the_samples_behind_the_last_frame(tail, n_samples, n_frames):
    """Windows of 64, hop 32: 192 samples fill five, 200 leave 8 behind."""
    frames = Frames(64, 32, Window.hann, Tail(tail))
    assert spectrogram(np.ones(n_samples), frames).shape == (n_frames, 33)


@pytest.mark.parametrize(
    ("window", "formula"),
    [
        (Window.hamming, lambda n: 0.54 - 0.46 * np.cos(2 * np.pi * n / 15)),
        (Window.hann, lambda n: 0.5 - 0.5 * np.cos(2 * np.pi * n / 15)),
        (Window.sine, lambda n: np.sin(np.pi * (n + 0.5) / 16)),
        (Window.rectangular, lambda n: np.ones(16)),
    ],
)
def test_windows_are_symmetric_and_as_the_textbook_has_them(window, formula):
    """The first column is the sum of the window, where the signal is 1."""
    X = spectrogram(np.ones(16), Frames(16, 16, window, Tail.drop))
    assert X[0, 0] == pytest.approx(formula(np.arange(16)).sum())


def test_a_window_longer_than_the_sound_is_refused():
    """The sentence names key and length."""
    with pytest.raises(ValueError, match=r"dataset\.window_length=64 is longer than"):
        spectrogram(np.ones(63), Frames(64, 32, Window.hann, Tail.drop))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"RIFF", r"Mary\.wav is no WAV file"),
        (wav(np.zeros((8, 2), np.int16), 16_000), "one channel of 16 bits at 16000"),
        (wav(np.zeros(8, np.float32), 16_000), "type float32 at 16000 Hz"),
        (wav(np.zeros(8, np.int16), 8_000), "at 8000 Hz; one channel"),
    ],
)
def test_another_sound_is_refused(content, sentence):
    """No WAV, two channels, floats, another rate."""
    with pytest.raises(ValueError, match=sentence):
        read_wav(content, "Mary.wav", 16_000)


@pytest.mark.data
def test_mary_analysed_here_is_marys_published_spectrogram(real):
    """586 frames of 129 frequencies, 3.2e-6 to 32.48, alike to rounding."""
    here = real(Piano(), "piano-mary")
    published = real(Piano(source="spectrogram_file"), "piano-mary")
    assert here.X.shape == published.X.shape == (586, 129)
    assert published.X.max() == pytest.approx(32.4824, abs=1e-4)
    assert published.X.min() == pytest.approx(3.17e-6, abs=1e-8)
    # Sums of 256 terms of size 1 in another order.
    np.testing.assert_allclose(here.X, published.X, atol=256 * np.finfo(float).eps)
    assert here.extras["notes"] == ["E4", "D4", "C4"]


@pytest.mark.data
def test_fevottes_spectrogram_has_the_published_size(real):
    """N = 674 frames and F = 513 frequencies, as the paper has them; power."""
    data = real(Piano(piece="fevotte"), "piano-fevotte")
    assert data.X.shape == (674, 513)
    magnitude = real(Piano(piece="fevotte", power=1), "piano-fevotte")
    np.testing.assert_allclose(data.X, magnitude.X**2)


@pytest.mark.data
@pytest.mark.parametrize("piece", Piece)
def test_the_notes_are_peaks_of_the_spectrum(real, piece):
    """The mean spectrum of each piece peaks at all its notes, A4 being 440 Hz."""
    data = real(Piano(piece=piece, window_length=4096), f"piano-{piece.value}")
    semitones = {"C4": -9, "Db4": -8, "D4": -7, "E4": -5, "F4": -4, "Ab4": -1, "C5": 3}
    mean = data.X.mean(axis=0)
    frequencies = data.extras["frequencies"]
    for note in data.extras["notes"]:
        pitch = 440 * 2 ** (semitones[note] / 12)
        near = np.abs(frequencies / pitch - 1) < 0.06
        peak = np.flatnonzero(near)[mean[near].argmax()]
        # A semitone is 5.9 %, a bin of 4096 samples about 4 Hz.
        assert frequencies[peak] == pytest.approx(pitch, rel=0.02)
        assert mean[peak] > 20 * np.median(mean)


@pytest.mark.data
def test_scales_of_the_spectrogram_are_hertz_and_seconds(real):
    """Mary: 0 to 8 kHz, frames 8 ms apart, the first in its middle at 8 ms."""
    extras = real(Piano(), "piano-mary").extras
    assert extras["frequencies"][[0, 1, -1]].tolist() == [0, 62.5, 8000]
    np.testing.assert_allclose(np.diff(extras["times"]), 0.008)
    assert extras["times"][0] == pytest.approx(0.008)


@pytest.mark.data
def test_a_spectrogram_by_frequencies_keeps_its_scales(real):
    """129 x 586: frequencies belong to rows, times to columns."""
    data = real(Piano(samples="frequencies"), "piano-mary")
    assert data.X.shape == (129, 586)
    assert data.extras["row_frequencies"].shape == (129,)
    assert data.extras["column_times"].shape == (586,)
    assert data.row_names[8] == "500 Hz"


def test_a_new_window_length_brings_its_own_hop():
    """Half of it, and the published one where the length is."""
    assert Piano(window_length=512).frames == Frames(
        512, 256, Window.hamming, Tail.drop
    )
    assert Piano(piece="fevotte").frames == PUBLISHED[Piece.fevotte].frames


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"power": 3}, r"dataset\.power must be 1 \(magnitude\) or 2 \(power\), got 3"),
        ({"window_length": 0}, r"dataset\.window_length must be at least 2 samples"),
        ({"hop": 0}, r"dataset\.hop must be at least 1 samples, got 0"),
        ({"hop": 300}, r"dataset\.hop=300 would leave out samples"),
        (
            {"piece": "fevotte", "source": "spectrogram_file"},
            r"none was published for dataset\.piece=fevotte",
        ),
        (
            {"source": "spectrogram_file", "window": "hann"},
            r"dataset\.window has no effect with dataset\.source=spectrogram_file",
        ),
        ({"window": "kaiser"}, r"dataset\.window must be one of hamming, hann, sine"),
    ],
)
def test_an_analysis_that_makes_no_sense_is_refused(options, sentence):
    """When it is configured, before anything is read."""
    with pytest.raises(ValueError, match=sentence):
        Piano(**options)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "Mary.wav"),
        ({"source": "spectrogram_file"}, "piano_Mary.mat"),
        ({"piece": "fevotte"}, "Piano.wav"),
    ],
)
def test_only_the_file_that_is_read_is_fetched(options, name):
    """The origin of a configured piano names one file."""
    assert [file.name for file in origin_of(Piano(**options)).files] == [name]


def test_a_spectrogram_of_another_shape_is_refused():
    """The sentence names file and shapes."""
    with pytest.raises(ValueError, match=r"piano_Mary\.mat: variable 'X' has shape"):
        magnitudes(mat(X=np.ones((3, 3))))
