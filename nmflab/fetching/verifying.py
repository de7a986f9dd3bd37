"""Whether a copy is the file its checksums describe."""

from __future__ import annotations

from pathlib import Path

from nmflab.contracts import DataFile
from nmflab.fetching.archives import contents_sum, file_sum, member_sums
from nmflab.fetching.errors import FetchError

_SHOWN = 3
"""Most members named in a message."""


def fault_of(path: Path, file: DataFile) -> str | None:
    """Return what is wrong with a copy, as the middle of a sentence; None if nothing.

    The file's own sha256 is enough. Where it is another, or not known, what the file
    holds decides: an archive that was packed anew holds the same members.
    """
    try:
        return _whole_fault(path, file)
    except FetchError as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read ({error})"


def _whole_fault(path: Path, file: DataFile) -> str | None:
    other = ""
    if file.sha256:
        found = file_sum(path)
        if found == file.sha256.lower():
            return None
        other = f"its sha256 is {found}, not {file.sha256}"
    if not (file.members or file.contents):
        return f"{other}{_web_page(path)}"
    try:
        inner = _members_fault(path, file) or _contents_fault(path, file)
    except FetchError as error:  # damaged; the sums are told all the same
        inner = str(error)
    if inner is None:
        return None
    return "; ".join(part for part in (inner, other) if part) + _web_page(path)


def _members_fault(path: Path, file: DataFile) -> str | None:
    if not file.members:
        return None
    sums, instead = member_sums(path, file.members)
    absent = [name for name in file.members if name not in sums]
    if absent:
        return f"it has no member {_few(absent)}; {instead}"
    wrong = [
        f"{name} has sha256 {sums[name]}, not {expected}"
        for name, expected in file.members.items()
        if sums[name] != expected.lower()
    ]
    return f"its member {_few(wrong)}" if wrong else None


def _contents_fault(path: Path, file: DataFile) -> str | None:
    if not file.contents:
        return None
    found = contents_sum(path)
    if found == file.contents.lower():
        return None
    return f"the sha256 over all it holds is {found}, not {file.contents}"


def _few(texts: list[str]) -> str:
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _web_page(path: Path) -> str:
    """Return a remark where a page for people came in place of data."""
    with path.open("rb") as stream:
        head = stream.read(200).lstrip().lower()
    is_page = head.startswith((b"<!doctype html", b"<html"))
    return "; it is a web page, such as a network's log-in page" if is_page else ""
