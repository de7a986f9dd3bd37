"""Published files: found in a local mirror, in the cache, or downloaded; then verified.

    path = fetch(origin.files[0], origin)
    ratings = member(path, "u.data")

Nothing is unpacked to disk: members are read where they lie.
"""

from __future__ import annotations

from pathlib import Path

from nmflab.contracts import DataFile, Origin
from nmflab.fetching.archives import contents_sum, member, members
from nmflab.fetching.downloading import download
from nmflab.fetching.errors import FetchError
from nmflab.fetching.places import by_hand, cached_path, mirror_copy, state_of
from nmflab.fetching.terms import terms_of
from nmflab.fetching.verifying import fault_of

__all__ = [
    "FetchError",
    "cached_path",
    "contents_sum",
    "fetch",
    "member",
    "members",
    "mirror_copy",
    "state_of",
    "terms_of",
]


def fetch(file: DataFile, origin: Origin) -> Path:
    """Return the path of a verified copy of a published file.

    The copy below the folder that ``NMFLAB_DATA`` names, if there is one; else the one
    in the cache; else it is downloaded into the cache, the terms shown before.

    Raises
    ------
    FetchError
        If there is no right copy and none can be had: says what is wrong, and what to
        download by hand and where to put it. A wrong copy in the mirror is an error and
        is kept; what a wrong download brought is not.
    """
    mirrored = mirror_copy(file)
    if mirrored is not None:
        _hold(mirrored, file, origin, "your mirror, the folder NMFLAB_DATA")
        return mirrored
    path = cached_path(file, origin)
    if file.url is None:
        _hold(path, file, origin, "the cache")
    elif not path.is_file() or fault_of(path, file) is not None:
        download(file, origin, path)
    return path


def _hold(path: Path, file: DataFile, origin: Origin, where: str) -> None:
    """Refuse a copy the user put there that is absent or not the right one."""
    if not path.is_file():
        raise FetchError(
            f"{file.name} is not at hand, and its publisher has no address for it"
            f" alone. {by_hand(file, origin)}"
        )
    fault = fault_of(path, file)
    if fault is not None:
        said = fault.replace(str(path), "it")
        raise FetchError(
            f"{path} (in {where}) is not the {file.name} that is expected: {said}. It"
            f" was left as it is. Replace it, or move it away. {by_hand(file, origin)}"
        )
