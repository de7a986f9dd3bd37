"""Finding the installed plugins, without importing any."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

GROUP = "nmflab"
"""The entry-point group of every plugin, nmflab's own included."""


@dataclass(frozen=True)
class PluginInfo:
    """Where a plugin comes from: entry point, module, distribution and its version."""

    entry_point: str
    module: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return (
            f"'{self.entry_point}' ({self.distribution} {self.version},"
            f" module {self.module})"
        )


@dataclass(frozen=True)
class PluginFailure:
    """Why a plugin, or a part of it, is not usable.

    Parameters
    ----------
    entry_point, distribution, version : str
    reason : str
        One sentence, with how to mend it.
    traceback : str
        Of the exception behind it; "" where there was none.
    module : str
    lost : tuple of str
        What is known to be missing because of it: ``("solver hals",)``.
    """

    entry_point: str
    distribution: str
    version: str
    reason: str
    traceback: str = ""
    module: str = ""
    lost: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"plugin '{self.entry_point}' ({self.distribution} {self.version}):"
            f" {self.reason}"
        )


def find_plugins() -> list[tuple[PluginInfo, EntryPoint]]:
    """Return every entry point of the group ``nmflab``, nmflab's own first.

    A distribution met twice on ``sys.path`` (an editable install beside a wheel) counts
    once, as for ``import``: the first one.
    """
    found: list[tuple[PluginInfo, EntryPoint]] = []
    seen: set[str] = set()
    for distribution in distributions():
        entries = distribution.entry_points.select(group=GROUP)
        if not entries:  # asked first: reading a distribution's name costs more
            continue
        name, version = _identity(distribution)
        if normalised(name) in seen:
            continue
        seen.add(normalised(name))
        # By name and value: a line written twice in one table still is one plugin.
        for entry in {(entry.name, entry.value): entry for entry in entries}.values():
            module = entry.value.partition(":")[0].strip()
            found.append((PluginInfo(entry.name, module, name, version), entry))
    return sorted(found, key=lambda pair: _order(pair[0]))


def _identity(distribution: Distribution) -> tuple[str, str]:
    """Return name and version, whatever half-removed installation left them out."""
    try:
        metadata = distribution.metadata
        return metadata["Name"] or "unknown", metadata["Version"] or "unknown"
    except Exception:  # what is raised for an absent METADATA differs by Python
        return "unknown", "unknown"


def _order(info: PluginInfo) -> tuple[bool, str, str]:
    return (
        normalised(info.distribution) != "nmflab",
        normalised(info.distribution),
        info.entry_point,
    )


def normalised(distribution: str) -> str:
    """Return a distribution's name as package indexes compare them (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def is_disabled(info: PluginInfo) -> bool:
    """Whether NMFLAB_DISABLE_PLUGINS names this entry point or its distribution."""
    words = os.environ.get("NMFLAB_DISABLE_PLUGINS", "").split(",")
    named = {word.strip() for word in words if word.strip()}
    return info.entry_point in named or normalised(info.distribution) in map(
        normalised, named
    )


def failure_of(
    info: PluginInfo, reason: str, trace: str = "", lost: Iterable[str] = ()
) -> PluginFailure:
    """Return the failure of a plugin, or of a part of it."""
    return PluginFailure(
        info.entry_point,
        info.distribution,
        info.version,
        reason,
        trace,
        info.module,
        tuple(lost),
    )
