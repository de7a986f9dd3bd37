"""Where a published file may lie: in the user's mirror, or in the cache."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from nmflab.caches import cache_dir
from nmflab.contracts import DataFile, Origin
from nmflab.fetching.errors import FetchError


def mirror_folder() -> Path | None:
    """Return the folder that ``NMFLAB_DATA`` names, if it is set.

    Raises
    ------
    FetchError
        If it names no folder: downloading instead would surprise who set it.
    """
    named = os.environ.get("NMFLAB_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FetchError(
            f"NMFLAB_DATA={named} names no folder; name the one that holds your copies"
            " of published data, or unset it"
        )
    return folder


def mirror_copy(file: DataFile) -> Path | None:
    """Return the user's own copy of a file, if there is one; not verified.

    Raises
    ------
    FetchError
        As `mirror_folder`.
    """
    folder = mirror_folder()
    path = None if folder is None else folder / file.mirror
    return path if path is not None and path.is_file() else None


def cached_path(file: DataFile, origin: Origin) -> Path:
    """Return where a file's download lies, or would.

    Files of an origin that are members of one archive share its download.
    """
    same = [one for one in origin.files if file.url and one.url == file.url]
    name = (same or [file])[0].name
    folders = PurePosixPath((same or [file])[0].mirror).parent.parts
    folder = re.sub(r"[^\w.-]", "_", "-".join(folders)).strip(".-_") or name
    return cache_dir() / "files" / folder / name


def by_hand(file: DataFile, origin: Origin) -> str:
    """Return how to fetch a file without nmflab, as a sentence."""
    named = os.environ.get("NMFLAB_DATA")
    mirror = (
        f"{Path(named).expanduser() / file.mirror}"
        if named
        else f"{file.mirror} below a folder that NMFLAB_DATA names"
    )
    source = f"from {origin.page}" + (f" ({file.url})" if file.url else "")
    return (
        f"To fetch it by hand: download {file.name} {source}, and put it at"
        f" {cached_path(file, origin)} or at {mirror}"
    )


def state_of(file: DataFile) -> str:
    """Return text that changes when what a dataset reads as this file may change.

    A mirror's copy is known by its path, size and time; a download, which is verified
    each time it is read, by its checksums, whether it is there yet or not.
    """
    try:
        path = mirror_copy(file)
        if path is not None:
            state = path.stat()
            return f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"
    except OSError:
        pass  # told when the file is read
    sums = sorted(f"{name} {value}" for name, value in file.members.items())
    return "\n".join([file.name, file.sha256 or "", file.contents or "", *sums])
