"""Where a study lies, and the readable summary beside its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nmflab.store import StoreError


def study_folder(name: str) -> Path:
    """Return the folder of a study: a name lies under ``studies/``, a path is kept."""
    separators = {os.sep, os.altsep or os.sep, "/"}
    if any(s in name for s in separators) or name.startswith((".", "~")):
        return Path(name).expanduser()
    return Path("studies") / name


def write_summary(
    folder: Path,
    *,
    base: Mapping[str, Any],
    provenance: Mapping[str, Any],
    data: Mapping[str, Any],
    plugin_failures: list[dict[str, Any]],
) -> None:
    """Write ``study.yaml``: what can be read without a tool.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    import yaml

    content = {
        "config": dict(base),
        "data": dict(data),
        "plugin_failures": plugin_failures,
        "provenance": dict(provenance),
    }
    target = folder / "study.yaml"
    beside = target.with_suffix(".yaml.new")
    try:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        raise StoreError(
            f"cannot write {target}: {error.strerror or error}; free some space or give"
            " study=<another folder>; finished runs are kept"
        ) from error
