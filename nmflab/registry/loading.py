"""Opening what is installed, and settling who owns a name."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Any

from nmflab.registry.catalogue import Registry
from nmflab.registry.discovery import (
    PluginFailure,
    PluginInfo,
    failure_of,
    find_plugins,
    is_disabled,
)
from nmflab.registry.kinds import KINDS
from nmflab.registry.opening import OpenedPlugin, open_plugin


class PluginError(Exception):
    """Some plugin failed, in strict mode.

    Parameters
    ----------
    failures : list of PluginFailure
    """

    def __init__(self, failures: list[PluginFailure]) -> None:
        self.failures = failures
        lines = [f"{len(failures)} plugin fault(s), fatal in strict mode:"]
        lines += [f"  {failure}" for failure in failures]
        super().__init__("\n".join(lines))


def load(only: Collection[str] | None = None, *, strict: bool = False) -> Registry:
    """Open the installed plugins.

    Parameters
    ----------
    only : collection of str, optional
        Entry-point names; the others are not imported. None opens all.
    strict : bool, default False
        Whether a failure is fatal; ``NMFLAB_STRICT=1`` says so for every command.

    Raises
    ------
    PluginError
        In strict mode, if any plugin failed; lists them all.
    """
    registry = Registry()
    opened = []
    for info, entry in find_plugins():
        if only is not None and info.entry_point not in only:
            continue
        if is_disabled(info):
            registry.disabled.append(info)
            continue
        plugin = open_plugin(info, entry)
        if isinstance(plugin, PluginFailure):
            registry.failures.append(plugin)
        else:
            opened.append(plugin)
    _fill(registry, opened)
    if registry.failures and (strict or _strict_by_environment()):
        raise PluginError(registry.failures)
    return registry


def _strict_by_environment() -> bool:
    return os.environ.get("NMFLAB_STRICT", "").lower() not in ("", "0", "false", "no")


def _fill(registry: Registry, opened: Iterable[OpenedPlugin]) -> None:
    claims: dict[tuple[str, str], list[tuple[PluginInfo, Any]]] = {}
    for plugin in opened:
        registry.plugins.append(plugin.info)
        for kind, spec in plugin.specs:
            claims.setdefault((kind, spec.name), []).append((plugin.info, spec))
        for section in plugin.sections:
            key = ("report section", section.name)
            claims.setdefault(key, []).append((plugin.info, section))
        registry.config_dirs += plugin.config_dirs
        registry.failures += plugin.failures
        if plugin.hooks.nmflab_run_end.get_hookimpls():
            registry._listeners.append((plugin.info, plugin.hooks))
    for (kind, name), owners in claims.items():
        if len(owners) > 1:
            registry.failures.append(_conflict(kind, name, [one for one, _ in owners]))
            continue
        info, record = owners[0]
        registry.owners[kind, name] = info
        if kind == "report section":
            registry.sections.append(record)
        else:
            getattr(registry, KINDS[kind].plural)[name] = record


def _conflict(kind: str, name: str, owners: list[PluginInfo]) -> PluginFailure:
    """Name every owner of a contested name; none of them gets it."""
    reason = (
        f"{kind} '{name}' is declared by {' and by '.join(map(str, owners))}, so the"
        " name can be used by none of them; rename one, uninstall one, or name one in"
        " NMFLAB_DISABLE_PLUGINS"
    )
    return failure_of(owners[-1], reason, lost=(f"{kind} {name}",))
