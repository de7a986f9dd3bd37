"""The real download path, through a web server of the test's own."""

from __future__ import annotations

import multiprocessing
import os
import socket
import threading
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from nmflab.contracts import DataFile, Origin
from nmflab.fetching import FetchError, cached_path, fetch, terms_of
from nmflab.testing.publisher import Publisher

TEXT = b"1,2\n3,4\n"


def origin_of(*files: DataFile, redistributable: bool = False) -> Origin:
    """Return a publisher of these files."""
    return Origin(
        page="https://example.org/tried",
        files=files,
        licence="For research only",
        redistributable=redistributable,
        citation="@misc{tried, title = {Tried}}",
    )


def fetched(file: DataFile) -> Path:
    """Fetch the only file of an origin."""
    return fetch(file, origin_of(file))


def refused(file: DataFile) -> str:
    """Return the sentence a fetch ends with."""
    with pytest.raises(FetchError) as told:
        fetched(file)
    return str(told.value)


def kept() -> list[str]:
    """Return the names of the files in the cache but for the lock."""
    files = Path(os.environ["NMFLAB_CACHE"]).rglob("*")
    return sorted(
        path.name for path in files if path.is_file() and path.name != ".lock"
    )


def closed_port() -> str:
    """Return an address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_file_is_downloaded_into_the_cache(publisher: Publisher) -> None:
    """Under its own name, in a folder named after the mirror's."""
    path = fetched(publisher.file("a.csv", TEXT))
    assert path.read_bytes() == TEXT
    assert path == Path(os.environ["NMFLAB_CACHE"]) / "files" / "tried" / "a.csv"
    assert kept() == ["TERMS.txt", "a.csv"]


def test_what_is_in_the_cache_is_not_downloaded_again(publisher: Publisher) -> None:
    """The second fetch asks nobody."""
    file = publisher.file("a.csv", TEXT)
    assert fetched(file) == fetched(file)
    assert publisher.requests == ["a.csv"]


def test_a_spoilt_copy_in_the_cache_is_replaced(publisher: Publisher) -> None:
    """It is verified each time it is asked for."""
    file = publisher.file("a.csv", TEXT)
    fetched(file).write_bytes(b"half")
    assert fetched(file).read_bytes() == TEXT
    assert len(publisher.requests) == 2


def test_the_mirror_wins_over_cache_and_network(
    publisher: Publisher, mirror: Path
) -> None:
    """A copy below NMFLAB_DATA is used where it lies."""
    file = publisher.file("a.csv", TEXT)
    (mirror / "tried" / "a.csv").write_bytes(TEXT)
    assert fetched(file) == mirror / "tried" / "a.csv"
    assert (publisher.requests, kept()) == ([], [])


def test_what_the_mirror_has_not_is_downloaded(
    publisher: Publisher, mirror: Path
) -> None:
    """A mirror need not hold everything."""
    file = publisher.file("a.csv", TEXT)
    assert fetched(file) == cached_path(file, origin_of(file))


def test_a_wrong_copy_in_the_mirror_is_an_error_and_is_kept(
    publisher: Publisher, mirror: Path
) -> None:
    """Both sums are named; the user's file is nobody else's to delete."""
    file = publisher.file("a.csv", TEXT)
    copy = mirror / "tried" / "a.csv"
    copy.write_bytes(b"other")
    text = refused(file)
    assert sha256(TEXT).hexdigest() in text
    assert sha256(b"other").hexdigest() in text
    assert f"{copy} (in your mirror, the folder NMFLAB_DATA)" in text
    assert "It was left as it is" in text
    assert copy.read_bytes() == b"other"
    assert publisher.requests == []


def test_a_mirror_that_is_no_folder_is_an_error(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who names a mirror does not want a download instead."""
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path / "misspelt"))
    text = refused(publisher.file("a.csv", TEXT))
    assert f"NMFLAB_DATA={tmp_path / 'misspelt'} names no folder" in text
    assert publisher.requests == []


def test_a_wrong_download_is_told_and_nothing_of_it_kept(publisher: Publisher) -> None:
    """Both sums are named, and where to look."""
    file = publisher.file("a.csv", b"other", sha256=sha256(TEXT).hexdigest())
    text = refused(file)
    assert sha256(TEXT).hexdigest() in text
    assert sha256(b"other").hexdigest() in text
    assert "Nothing of it was kept" in text
    assert "see https://example.org/tried" in text
    assert kept() == []


def test_a_web_page_in_place_of_data_is_named(publisher: Publisher) -> None:
    """A hotel's network answers everything with its log-in page."""
    page = b"<!DOCTYPE html><html>Welcome!</html>"
    file = publisher.file("a.csv", page, sha256=sha256(TEXT).hexdigest())
    assert "it is a web page" in refused(file)


def test_of_a_download_that_breaks_off_nothing_is_kept(publisher: Publisher) -> None:
    """How far it came is said; the next attempt begins anew and has it whole."""
    content = bytes(range(256)) * 1000
    file = publisher.file("a.bin", content)
    publisher.breaks_after = 100_000
    text = refused(file)
    assert "could not be downloaded" in text
    assert "100000 bytes read, 156000 more expected" in text
    assert kept() == []
    publisher.breaks_after = None
    assert fetched(file).read_bytes() == content


def test_what_a_killed_process_left_is_no_obstacle(publisher: Publisher) -> None:
    """The next download writes over it."""
    file = publisher.file("a.csv", TEXT)
    path = cached_path(file, origin_of(file))
    path.parent.mkdir(parents=True)
    (path.parent / "part-a.csv").write_bytes(b"half of something longer than the text")
    assert fetched(file).read_bytes() == TEXT
    assert kept() == ["TERMS.txt", "a.csv"]


def test_a_file_that_is_gone_is_told_with_the_servers_answer(
    publisher: Publisher,
) -> None:
    """404, and how to go on by hand."""
    file = publisher.file("a.csv", TEXT)
    publisher.content.clear()
    text = refused(file)
    assert "the server answered 404 Not Found" in text
    assert "To fetch it by hand: download a.csv from https://example.org/tried" in text


def test_without_a_network_the_user_is_told_what_to_put_where(mirror: Path) -> None:
    """The address, the place in the cache and the one in the mirror."""
    url = f"{closed_port()}/a.csv"
    file = DataFile(name="a.csv", mirror="tried/b.csv", size=8, url=url, sha256="0")
    text = refused(file)
    assert "Connection refused" in text
    assert url in text
    assert f"put it at {cached_path(file, origin_of(file))} or at" in text
    assert text.endswith(str(mirror / "tried" / "b.csv"))
    assert kept() == []


def test_a_file_without_an_address_is_fetched_by_hand() -> None:
    """The page is named, and both places; without a mirror, how to have one."""
    file = DataFile(name="a.csv", mirror="tried/b.csv", size=8, sha256="0")
    text = refused(file)
    assert "its publisher has no address for it alone" in text
    assert "download a.csv from https://example.org/tried, and put it at" in text
    assert "or at tried/b.csv below a folder that NMFLAB_DATA names" in text


def test_what_was_put_into_the_cache_by_hand_is_used() -> None:
    """The place that the message names is the one that is looked at."""
    file = DataFile(
        name="a.csv", mirror="x/a.csv", size=8, sha256=sha256(TEXT).hexdigest()
    )
    path = cached_path(file, origin_of(file))
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT)
    assert fetched(file) == path


def test_a_wrong_file_put_into_the_cache_by_hand_is_kept() -> None:
    """It cannot be downloaded again, so it is told and left."""
    file = DataFile(name="a.csv", mirror="x/a.csv", size=8, sha256="0" * 64)
    path = cached_path(file, origin_of(file))
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT)
    assert f"its sha256 is {sha256(TEXT).hexdigest()}, not {'0' * 64}" in refused(file)
    assert path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device /dev/full")
def test_a_full_disk_is_a_sentence(publisher: Publisher) -> None:
    """What is written goes to a device that is always full."""
    file = publisher.file("a.csv", TEXT)
    path = cached_path(file, origin_of(file))
    path.parent.mkdir(parents=True)
    (path.parent / "part-a.csv").symlink_to("/dev/full")
    text = refused(file)
    assert text.startswith("the disk is full: a.csv (8 bytes) does not fit into")
    assert "name a cache on another disk with NMFLAB_CACHE" in text
    assert kept() == []


def test_a_cache_that_cannot_be_written_is_a_sentence(
    publisher: Publisher, tmp_path: Path
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_bytes(b"")
    text = refused(publisher.file("a.csv", TEXT))
    assert "a.csv could not be written to" in text
    assert "name another cache with NMFLAB_CACHE" in text


def test_two_processes_download_once(publisher: Publisher) -> None:
    """One waits for the other and uses what that fetched."""
    file = publisher.file("a.csv", TEXT)
    publisher.may_send.clear()
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=fetched, args=(file,)) for _ in range(2)]
    for process in both:
        process.start()
    while not publisher.requests:
        time.sleep(0.01)
    threading.Timer(1.5, publisher.may_send.set).start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert publisher.requests == ["a.csv"]


def test_members_of_one_archive_share_its_download(publisher: Publisher) -> None:
    """Two files with one address: in the mirror apart, at the publisher together."""
    one = publisher.file("all.csv", TEXT)
    other = publisher.file("all.csv", TEXT, mirror="tried/other.csv")
    origin = origin_of(one, other)
    assert fetch(one, origin) == fetch(other, origin)
    assert publisher.requests == ["all.csv"]


def test_terms_are_shown_before_the_first_download_only(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    """One origin, two files: the terms once, each download."""
    one, other = publisher.file("a.csv", TEXT), publisher.file("b.csv", TEXT)
    origin = origin_of(one, other)
    fetch(one, origin)
    first = " ".join(capsys.readouterr().err.split())
    assert first.startswith(
        "Terms of a.csv (https://example.org/tried): For research only. These data may"
        " not be passed on. downloading a.csv (8 bytes)"
    )
    fetch(other, origin)
    assert capsys.readouterr().err == "downloading b.csv (8 bytes)\n"


def test_data_that_may_be_passed_on_are_not_said_to_be_bound(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    """The licence alone is shown."""
    file = publisher.file("a.csv", TEXT)
    fetch(file, origin_of(file, redistributable=True))
    assert "passed on" not in capsys.readouterr().err


def test_a_licence_that_forbids_it_itself_is_not_repeated() -> None:
    """Nobody reads twice that data may not be passed on."""
    licence = "Research only; may not be passed on without permission."
    origin = replace(origin_of(), licence=licence)
    assert terms_of(origin) == licence


def test_terms_are_kept_beside_the_download(publisher: Publisher) -> None:
    """Page, terms and citation once; each file with address, time and checksum."""
    files = [publisher.file("a.csv", TEXT), publisher.file("b.csv", b"x")]
    origin = origin_of(*files)
    one, _ = [fetch(file, origin) for file in files]
    record = (one.parent / "TERMS.txt").read_text(encoding="utf-8")
    for once in (origin.page, "These data may not be passed on.", origin.citation):
        assert record.count(once) == 1
    for file in files:
        assert f"{file.name}\n  {file.url}\n  20" in record
        assert f"  sha256 {file.sha256}\n" in record


def test_a_gzip_that_was_unpacked_on_the_way_is_accepted(publisher: Publisher) -> None:
    """Some servers call a .gz an encoding of its content; the content decides."""
    import gzip

    file = publisher.file(
        "a.csv.gz", gzip.compress(TEXT), members={"a.csv": sha256(TEXT).hexdigest()}
    )
    publisher.headers["Content-Encoding"] = "gzip"
    assert fetched(file).read_bytes() == TEXT


def test_an_interrupt_leaves_nothing_behind(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the download, and its part is removed."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nmflab.fetching.progress.Lines.update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetched(publisher.file("a.csv", TEXT))
    assert kept() == []
