"""Members of archives, read where they lie, and what decides that a copy is right."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from nmflab.contracts import DataFile
from nmflab.fetching import FetchError, contents_sum, member, members
from nmflab.fetching.verifying import fault_of

TEXT, OTHER = b"1,2\n3,4\n", b"names\n"
HELD = {"set/a.csv": TEXT, "set/names.txt": OTHER}


def zipped(path: Path, held: Mapping[str, bytes]) -> Path:
    """Write a zip that holds these."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("set")
        for name, content in held.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, held: Mapping[str, bytes]) -> Path:
    """Write a tar, compressed where its name says so, with ``./`` before each name."""
    mode: Any = "w" if path.suffix == ".tar" else "w:gz"
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("./set")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in held.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return path


Pack = Callable[[Path, Mapping[str, bytes]], Path]
packed = pytest.mark.parametrize(
    ("pack", "name"),
    [(zipped, "x.zip"), (tarred, "x.tar.gz"), (tarred, "x.tgz"), (tarred, "x.tar")],
)


def expected(name: str, **more: Any) -> DataFile:
    """Return what is said of a file."""
    return DataFile(name=name, mirror=name, size=1, **more)


def sums(held: Mapping[str, bytes]) -> dict[str, str]:
    """Return the sha256 of each member."""
    return {name: sha256(content).hexdigest() for name, content in held.items()}


@packed
def test_a_member_is_read_by_its_path_or_the_end_of_it(
    pack: Pack, name: str, tmp_path: Path
) -> None:
    """Nothing but the archive is on the disk afterwards."""
    path = pack(tmp_path / name, HELD)
    assert member(path, "set/a.csv") == member(path, "a.csv") == TEXT
    assert list(tmp_path.iterdir()) == [path]


@packed
def test_all_members_are_read_in_order(pack: Pack, name: str, tmp_path: Path) -> None:
    """Folders are no members."""
    assert list(members(pack(tmp_path / name, HELD))) == list(HELD.items())


@pytest.mark.parametrize("name", ["a.csv", "whatever.csv"])
def test_a_gzip_and_a_plain_file_hold_one_thing(name: str, tmp_path: Path) -> None:
    """A mirror packs otherwise than the publisher, whose archive names the member."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "a.csv").write_bytes(TEXT)
    assert member(tmp_path / "a.csv.gz", name) == TEXT
    assert member(tmp_path / "a.csv", name) == TEXT


@pytest.mark.parametrize("name", ["sales.xlsx", "counts.rda"])
def test_documents_that_are_archives_inside_are_one_file(
    name: str, tmp_path: Path
) -> None:
    """A spreadsheet is a zip and R's data are a gzip; their readers want them whole."""
    path = zipped(tmp_path / name, HELD)
    assert member(path, name) == path.read_bytes()
    path.write_bytes(gzip.compress(TEXT))
    assert member(path, name) == path.read_bytes()


def test_an_absent_member_is_told_with_what_is_alike(tmp_path: Path) -> None:
    """The likest names come first."""
    path = zipped(tmp_path / "x.zip", HELD)
    with pytest.raises(FetchError, match=r"holds no set/name\.txt") as told:
        member(path, "set/name.txt")
    assert str(told.value).endswith("it holds set/names.txt, set/a.csv")


def test_of_many_members_a_few_are_named(tmp_path: Path) -> None:
    """A message stays short."""
    path = zipped(tmp_path / "x.zip", {f"{i}.txt": TEXT for i in range(12)})
    with pytest.raises(FetchError, match="and 7 more"):
        member(path, "a.csv")


def test_the_end_of_two_paths_is_no_name(tmp_path: Path) -> None:
    """Which of them is meant, nobody knows."""
    path = zipped(tmp_path / "x.zip", {"one/a.csv": TEXT, "two/a.csv": OTHER})
    with pytest.raises(FetchError, match=r"it holds one/a.csv, two/a.csv"):
        member(path, "a.csv")


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.csv", "set"])
def test_a_path_out_of_the_archive_is_an_absent_member(
    name: str, tmp_path: Path
) -> None:
    """A name is looked up among the members and nowhere else."""
    with pytest.raises(FetchError, match="holds no"):
        member(zipped(tmp_path / "x.zip", HELD), name)


def test_a_link_in_a_tar_is_no_member(tmp_path: Path) -> None:
    """Only regular files are read."""
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("a.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(FetchError, match="it is empty"):
        member(path, "a.csv")


@packed
def test_an_archive_that_is_cut_short_is_told(
    pack: Pack, name: str, tmp_path: Path
) -> None:
    """Whatever the library's own exception is."""
    path = pack(tmp_path / name, {"a.bin": bytes(range(256)) * 100})
    path.write_bytes(path.read_bytes()[: -20_000 if name == "x.tar" else -60])
    with pytest.raises(FetchError, match="is damaged or cut short"):
        member(path, "a.bin")


def test_a_gzip_that_is_cut_short_is_told(tmp_path: Path) -> None:
    """A gzip says how much it holds at its end only."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TEXT)[:-4])
    with pytest.raises(FetchError, match="is damaged or cut short"):
        member(path, "a.csv")


@packed
def test_members_decide_where_an_archive_was_packed_anew(
    pack: Pack, name: str, tmp_path: Path
) -> None:
    """Its own checksum is another, what it holds is the same."""
    path = pack(tmp_path / name, HELD)
    file = expected(name, sha256="0" * 64, members=sums(HELD))
    assert fault_of(path, file) is None


@packed
def test_all_contents_decide_where_members_are_many(
    pack: Pack, name: str, tmp_path: Path
) -> None:
    """The sum over sorted lines of names and sums, whatever the order of packing."""
    lines = "".join(f"{name} {one}\n" for name, one in sorted(sums(HELD).items()))
    total = sha256(lines.encode()).hexdigest()
    path = pack(tmp_path / name, dict(reversed(HELD.items())))
    assert contents_sum(path) == total
    assert fault_of(path, expected(name, contents=total)) is None


def test_one_changed_member_is_found(tmp_path: Path) -> None:
    """It is named with both sums, beside the sums of the whole."""
    path = zipped(tmp_path / "x.zip", {**HELD, "set/a.csv": b"changed"})
    fault = fault_of(path, expected("x.zip", sha256="0" * 64, members=sums(HELD)))
    assert fault is not None
    for one in (b"changed", TEXT):
        assert sha256(one).hexdigest() in fault
    assert fault.startswith("its member set/a.csv has sha256")
    assert "set/names.txt" not in fault
    assert f"its sha256 is {sha256(path.read_bytes()).hexdigest()}, not 000" in fault


def test_an_archive_with_other_members_is_told(tmp_path: Path) -> None:
    """What is missing, and what is there."""
    path = zipped(tmp_path / "x.zip", {"readme.md": TEXT})
    fault = fault_of(path, expected("x.zip", members=sums(HELD)))
    assert fault == ("it has no member set/a.csv, set/names.txt; it holds readme.md")


def test_other_contents_are_told(tmp_path: Path) -> None:
    """With both sums."""
    path = zipped(tmp_path / "x.zip", HELD)
    fault = fault_of(path, expected("x.zip", contents="1" * 64))
    assert fault == (
        f"the sha256 over all it holds is {contents_sum(path)}, not {'1' * 64}"
    )


def test_the_member_of_a_gzip_is_checked_unpacked(tmp_path: Path) -> None:
    """The same text compressed at another level is the same data."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TEXT, compresslevel=0))
    file = expected("a.csv.gz", sha256="0" * 64, members=sums({"a.csv": TEXT}))
    assert fault_of(path, file) is None


def test_an_archive_that_is_damaged_is_not_right(tmp_path: Path) -> None:
    """And no error of its own while it is checked."""
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK and no more")
    fault = fault_of(path, expected("x.zip", members=sums(HELD)))
    assert fault is not None
    assert "is damaged or cut short" in fault


def test_of_a_damaged_archive_both_sums_are_named(tmp_path: Path) -> None:
    """Where that of the whole file is known."""
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK and no more")
    file = expected("x.zip", sha256="1" * 64, members=sums(HELD))
    fault = fault_of(path, file)
    assert fault is not None
    assert "is damaged or cut short" in fault
    both = f"its sha256 is {sha256(b'PK and no more').hexdigest()}, not {'1' * 64}"
    assert fault.endswith(both)


def test_checksums_may_be_in_capitals(tmp_path: Path) -> None:
    """As some publishers write them."""
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT)
    file = expected("a.csv", sha256=sha256(TEXT).hexdigest().upper())
    assert fault_of(path, file) is None
