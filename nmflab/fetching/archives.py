"""Reading members of archives where they lie: nothing is ever unpacked to disk."""

from __future__ import annotations

import difflib
import gzip
import hashlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from nmflab.fetching.errors import FetchError

Stream: TypeAlias = IO[bytes] | gzip.GzipFile

PACKED = (".zip", ".tar", ".tgz", ".gz", ".tar.bz2", ".tar.xz")
"""Endings of what is looked into; others, such as .xlsx and .rda, are one file."""

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a way of packing that zipfile does not know
    RuntimeError,  # zipfile's word for a member under a password
)


@dataclass(frozen=True)
class _Archive:
    """The regular files of an archive in its order, and how each is opened.

    `is_single`: it holds one thing that has no name of its own, as a gzip does.
    """

    names: tuple[str, ...]
    open: Callable[[str], Stream]
    is_single: bool = False


def member(path: Path, name: str) -> bytes:
    """Return one member of a .zip, .tar, .tgz, .tar.gz, a .gz, or a plain file.

    Parameters
    ----------
    path : Path
    name : str
        Its path in the archive, or the end of it where that is unique: ``u.data`` for
        ``ml-100k/u.data``. A gzip and a plain file hold one thing, under any name.

    Raises
    ------
    FetchError
        If there is no such member, naming what is alike, or the archive is damaged.
    """
    with _opened(path) as archive:
        found = _find(archive, name)
        if found is None:
            raise FetchError(f"{path} holds no {name}; {_instead(archive.names, name)}")
        with archive.open(found) as stream:
            return stream.read()


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each regular file of an archive, name and bytes, in the archive's order.

    Reads a .tar.gz of thousands of members once, where `member` would read it for each.

    Raises
    ------
    FetchError
        If the archive is damaged.
    """
    with _opened(path) as archive:
        for name in archive.names:
            with archive.open(name) as stream:
                yield name, stream.read()


def file_sum(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def member_sums(path: Path, wanted: Collection[str]) -> tuple[dict[str, str], str]:
    """Return the sha256 of those wanted members that are there; and what is instead.

    The second is text for messages: names alike the first one absent, or "".
    """
    with _opened(path) as archive:
        found = {name: _find(archive, name) for name in wanted}
        absent = [name for name, real in found.items() if real is None]
        order = {name: at for at, name in enumerate(archive.names)}
        sums = {
            name: _sum(archive, real)
            for name, real in sorted(
                ((n, r) for n, r in found.items() if r is not None),
                key=lambda pair: order[pair[1]],  # a .tar.gz is read forwards
            )
        }
        return sums, _instead(archive.names, absent[0]) if absent else ""


def contents_sum(path: Path) -> str:
    r"""Return the sha256 over a line ``<name> <sha256>\n`` for each file, by name."""
    with _opened(path) as archive:
        sums = {name: _sum(archive, name) for name in archive.names}
    lines = [f"{name} {sums[name]}\n" for name in sorted(sums)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sum(archive: _Archive, name: str) -> str:
    with archive.open(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


@contextmanager
def _opened(path: Path) -> Iterator[_Archive]:
    """Open what a path holds: by its ending, then by its first bytes.

    A web server may have unpacked a .gz on the way, so the ending does not say all.
    """
    try:
        with ExitStack() as stack:
            yield _archive(path, stack)
    except _DAMAGE as error:
        said = str(error) or type(error).__name__
        raise FetchError(f"{path} is damaged or cut short ({said})") from error


def _archive(path: Path, stack: ExitStack) -> _Archive:
    is_packed = path.name.lower().endswith(PACKED)
    head = _head(path) if is_packed else b""
    if head.startswith(b"PK"):
        return _zip(stack.enter_context(zipfile.ZipFile(path)))
    if is_packed and tarfile.is_tarfile(path):
        return _tar(stack.enter_context(tarfile.open(path)))
    if head.startswith(b"\x1f\x8b"):
        return _Archive((path.stem,), lambda _: gzip.open(path), is_single=True)
    return _Archive((path.name,), lambda _: path.open("rb"), is_single=True)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(2)


def _zip(archive: zipfile.ZipFile) -> _Archive:
    files = {_plain(i.filename): i for i in archive.infolist() if not i.is_dir()}
    return _Archive(tuple(files), lambda name: archive.open(files[name]))


def _tar(archive: tarfile.TarFile) -> _Archive:
    files = {_plain(info.name): info for info in archive if info.isfile()}

    def opened(name: str) -> Stream:
        stream = archive.extractfile(files[name])
        assert stream is not None  # only regular files are listed
        return stream

    return _Archive(tuple(files), opened)


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _find(archive: _Archive, wanted: str) -> str | None:
    """Return the name a member has in full; None where there is none, or several."""
    names = archive.names
    if archive.is_single or wanted in names:
        return names[0] if archive.is_single else wanted
    ends = [name for name in names if name.endswith(f"/{wanted}")]
    return ends[0] if len(ends) == 1 else None


def _instead(names: tuple[str, ...], wanted: str) -> str:
    """Return in words what an archive holds in place of a member, the likest first."""
    if not names:
        return "it is empty"
    last = PurePosixPath(wanted).name
    alike = [name for name in names if PurePosixPath(name).name == last]
    alike += difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    shown = list(dict.fromkeys([*alike, *names]))[:5]
    more = len(names) - len(shown)
    return f"it holds {', '.join(shown)}" + (f" and {more} more" if more > 0 else "")
