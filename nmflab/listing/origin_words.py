"""Where a published dataset comes from and under which terms, in lines to read."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from nmflab.contracts import DataFile, DatasetSpec, Origin, Spec
from nmflab.fetching import FetchError, cached_path, mirror_copy, terms_of
from nmflab.fetching.progress import megabytes
from nmflab.instances import default_object

_SHOWN = 6
"""Most members whose checksums are listed."""

_WIDTH = 96


def published(spec: Spec) -> list[str]:
    """Return page, terms, files and citation; nothing for what is not published.

    Where the files depend on parameters, they are those of the defaults.
    """
    if not isinstance(spec, DatasetSpec) or spec.origin is None:
        return []
    dataset: Any = default_object(spec.dataset)  # Any: of a plugin's own class
    if dataset is None and callable(spec.origin):
        dataset = next(iter(spec.examples), None)
        if dataset is None:
            return ["depends on its parameters"]
    origin = spec.origin_of(dataset)
    if origin is None:
        return []
    by_default = ["by default:"] if callable(spec.origin) else []
    return [
        *by_default,
        f"page: {origin.page}",
        *_wrapped(f"terms: {terms_of(origin)}"),
        f"may be passed on: {'yes' if origin.redistributable else 'no'}",
        *[line for file in origin.files for line in _file_lines(file, origin)],
        "please cite:",
        *[f"    {line}" for line in origin.citation.strip().splitlines()],
    ]


def _file_lines(file: DataFile, origin: Origin) -> list[str]:
    lines = [
        f"file: {file.name}, {file.size:,} bytes ({megabytes(file.size)})",
        f"    from {file.url or 'the page above, by hand'}",
        f"    sha256 {file.sha256 or 'not known as published; what it holds decides'}",
    ]
    shown = list(file.members.items())[:_SHOWN]
    lines += [f"    member {name}, sha256 {value[:16]}…" for name, value in shown]
    if len(file.members) > _SHOWN:
        lines.append(f"    and {len(file.members) - _SHOWN} members more")
    if file.contents:
        lines.append(f"    all it holds, sha256 {file.contents[:16]}…")
    return [*lines, f"    {_place(file, origin)}"]


def _place(file: DataFile, origin: Origin) -> str:
    """Return where a copy lies, or would; none is verified or downloaded for this."""
    try:
        mirrored = mirror_copy(file)
    except FetchError as error:
        return str(error)
    if mirrored is not None:
        return f"here, in your mirror: {mirrored}"
    path: Path = cached_path(file, origin)
    if path.is_file():
        return f"here, in the cache: {path}"
    what = "put there by hand" if file.url is None else "downloaded on first use"
    return f"not here yet; {what}: {path}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_long_words=False)
