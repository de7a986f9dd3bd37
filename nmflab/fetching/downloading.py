"""Downloads into the cache: whole and verified under their name, or not there."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Protocol

from nmflab.contracts import DataFile, Origin
from nmflab.fetching.errors import FetchError
from nmflab.fetching.places import by_hand
from nmflab.fetching.progress import Shown, megabytes, shown
from nmflab.fetching.terms import record_terms, show_terms
from nmflab.fetching.verifying import fault_of

_CHUNK = 1 << 16
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Response(Protocol):
    """The part of an answer's record that is used here."""

    def close(self) -> None:
        """End the connection if it is still open."""
        ...


def download(file: DataFile, origin: Origin, path: Path) -> None:
    """Put a verified download at a path, unless another process just did.

    It arrives under another name and gets its own when it is whole and right; of an
    interrupted one nothing is kept, and the next begins anew.

    Raises
    ------
    FetchError
        If it cannot be had, written, or is not the file expected.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(path):
            if not path.is_file() or fault_of(path, file) is not None:
                show_terms(file, origin, path.parent)
                _bring(file, origin, path)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(_unwritten(file, path, error)) from error


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Wait for other processes that download into the same folder."""
    import filelock

    lock = filelock.FileLock(path.parent / ".lock")
    try:
        lock.acquire(timeout=1)
    except filelock.Timeout:
        said = f"waiting for another process that downloads into {path.parent}"
        print(said, file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _bring(file: DataFile, origin: Origin, path: Path) -> None:
    # The ending stays, since it says how the file is looked into.
    part = path.with_name(f"part-{path.name}")
    try:
        with part.open("wb") as into:
            _transfer(file, origin, into)
        fault = fault_of(part, file)
        if fault is not None:
            raise FetchError(
                f"what {file.url} sent is not the {file.name} that is expected:"
                f" {fault.replace(str(part), 'it')}. Nothing of it was kept. The"
                f" publisher may have changed the file: see {origin.page}"
            )
        record_terms(file, origin, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _transfer(file: DataFile, origin: Origin, into: IO[bytes]) -> None:
    try:
        with shown(file.name, file.size) as progress:
            _get(str(file.url), into, progress)
            into.flush()
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise FetchError(
            f"{file.name} could not be downloaded from {file.url} ({_cause(error)});"
            " nothing of it was kept. Run the command again when the network is there."
            f" {by_hand(file, origin)}"
        ) from error


def _get(url: str, into: IO[bytes], progress: Shown) -> None:
    import pooch

    with ExitStack() as opened:

        def note(response: Response, **_: object) -> None:
            opened.callback(response.close)  # pooch leaves one that fails open

        get = pooch.HTTPDownloader(
            progressbar=progress,
            chunk_size=_CHUNK,
            hooks={"response": note},
            headers={
                "User-Agent": f"nmflab/{version('nmflab')}",
                # The checksum is of what the publisher stores.
                "Accept-Encoding": "identity",
            },
        )
        get(url, into, None)


def _cause(error: BaseException) -> str:
    """Return the last of the causes that network libraries wrap in one another."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return " ".join(str(error).split()) or type(error).__name__


def _unwritten(file: DataFile, path: Path, error: OSError) -> str:
    folder = path.parent
    if error.errno in _FULL:
        return (
            f"the disk is full: {file.name} ({megabytes(file.size)}) does not fit into"
            f" {folder}; nothing of it was kept. Free some space, or name a cache on"
            " another disk with NMFLAB_CACHE"
        )
    return (
        f"{file.name} could not be written to {folder} ({error}); make it writable, or"
        " name another cache with NMFLAB_CACHE"
    )
