"""Where a study lies, and the readable summary beside its file."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmflab.config import PER_RUN, ConfigError
from nmflab.registry import Registry
from nmflab.store import StoreError
from nmflab.store.lock import now
from nmflab.sweep.expand import Space


def study_folder(name: str) -> Path:
    """Return the folder of a study: a name lies under ``studies/``, a path is kept."""
    separators = {os.sep, os.altsep or os.sep, "/"}
    if any(s in name for s in separators) or name.startswith((".", "~")):
        return Path(name).expanduser()
    return Path("studies") / name


def found_study(name: str, *, archives: bool = False) -> Path:
    """Return the study of a name: a folder that is there, else one under ``studies/``.

    Parameters
    ----------
    name : str
        As it was typed.
    archives : bool, default False
        Whether a file can be read too: an archive, a ``study.yaml``.

    Raises
    ------
    StoreError
        If there is none, but one of nearly the same name, or an archive.
    """
    path, named = Path(name).expanduser(), study_folder(name)
    if path.is_dir() or named.is_dir():
        return path if path.is_dir() else named
    if path.is_file():
        if path.suffix == ".zip" and not archives:
            raise StoreError(
                f"{path} is an archive; unpack it and name the folder that it holds"
            )
        return path
    there = [one.parent.name for one in named.parent.glob("*/runs.sqlite")]
    near = difflib.get_close_matches(named.name, there, n=1)
    if near:
        raise StoreError(
            f"no study at {named}. Did you mean '{named.with_name(near[0])}'?"
        )
    return named


def refuse_studies(out: Path, *, but: Path | None = None) -> None:
    """Refuse to write a report or figures into a study that they are not of.

    Parameters
    ----------
    out : Path
        The folder asked for; it need not be there.
    but : Path, optional
        The study that may be written into.

    Raises
    ------
    ConfigError
        If it lies in another study, or is a file.
    """
    own = but.resolve() if but else None
    for folder in (out.resolve(), *out.resolve().parents):
        if folder != own and (folder / "runs.sqlite").exists():
            raise ConfigError(
                f"out={out}: {folder} is another study, which is left as it is; name a"
                " folder outside of it, as in out=studies/all-report"
            )
    if out.exists() and not out.is_dir():
        raise ConfigError(f"out={out} is a file; name a folder")


def asked_again(
    spaces: Sequence[Space],
    base: Mapping[str, Any],
    data: Sequence[tuple[Mapping[str, Any], str]],
    registry: Registry,
) -> dict[str, Any]:
    """Return what the base does not say of a sweep, for whoever runs it again.

    Parameters
    ----------
    spaces : sequence of Space
    base : mapping
        The resolved configuration that runs differ from.
    data : sequence of (node, fingerprint)
    registry : Registry

    Returns
    -------
    dict
        "spaces": what varies in each, and its case; "data": fingerprints by node;
        "plugins": "solver hals" to the distribution and version it came from.
    """
    owners = {
        f"{kind} {name}": f"{owner.distribution} {owner.version}"
        for (kind, name), owner in registry.owners.items()
        if name in _names(spaces, kind)
    }
    return {
        "started": now(),
        "spaces": [_varied(space, base) for space in spaces],
        "data": [{"dataset": dict(node), "fingerprint": is_} for node, is_ in data],
        "plugins": owners,
    }


def _names(spaces: Sequence[Space], kind: str) -> set[str]:
    if kind == "metric":
        return {name for space in spaces for name in space.settings["metrics"]}
    nodes = (node for space in spaces for node in space.axes.get(kind, ()))
    return {str(node["name"]) for node in nodes}


def _varied(space: Space, base: Mapping[str, Any]) -> dict[str, Any]:
    axes = {a: list(n) for a, n in space.axes.items() if list(n) != [base[a]]}
    settings = {n: space.settings[n] for n in PER_RUN if space.settings[n] != base[n]}
    parts = {"case": space.case, "axes": axes, "settings": settings}
    return {name: part for name, part in parts.items() if part}


def write_summary(
    folder: Path,
    *,
    base: Mapping[str, Any],
    provenance: Mapping[str, Any],
    data: Mapping[str, Any],
    plugin_failures: list[dict[str, Any]],
    sweep: Mapping[str, Any] | None = None,
) -> None:
    """Write ``study.yaml``: what can be read without a tool.

    Parameters
    ----------
    folder : Path
    base, provenance, data, plugin_failures
        As the store keeps them.
    sweep : mapping, optional
        See `asked_again`.

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
        **({"sweep": dict(sweep)} if sweep else {}),
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
