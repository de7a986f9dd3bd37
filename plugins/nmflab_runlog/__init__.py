"""A log of finished runs: one line of JSON each, in ``<study>/runs.jsonl``.

For whoever follows a sweep with ``tail -f`` or feeds it to another tool. The study's
store remains what counts: this file is a convenience and may be deleted at any time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

LOG_NAME = "runs.jsonl"
_DEEPEST = 20  # of nested values; a row is flat, a value that holds itself is not


@hookimpl
def nmflab_run_end(study: Path, row: Mapping[str, Any]) -> None:
    """Append the run to the log; OSError if the file cannot be written."""
    line = _json(row)
    with (study / LOG_NAME).open("ab+") as log:
        log.write(_line_end_if_torn(log) + line.encode("utf-8", "replace") + b"\n")


def _line_end_if_torn(log: Any) -> bytes:  # typeshed names this class in private only
    """Return a line end where a killed process left half a line: no more is lost."""
    if log.seek(0, 2) == 0:
        return b""
    log.seek(-1, 2)
    return b"" if log.read(1) == b"\n" else b"\n"


def _json(row: Mapping[str, Any]) -> str:
    """Return a row as one line of JSON; plain rows, nearly all, are not copied."""
    try:
        return json.dumps(dict(row), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(row), ensure_ascii=False, allow_nan=False)


def _plain(value: object, depth: int = 0) -> object:
    """Return what JSON can hold: odd values become their text, none raises."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, Sequence | set | frozenset):
        return [_plain(each, depth + 1) for each in value]
    return str(value)
