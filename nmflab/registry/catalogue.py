"""The catalogue of what can be used, by kind and name."""

from __future__ import annotations

import difflib
import logging
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, overload

from nmflab.contracts import (
    DatasetSpec,
    InitSpec,
    MetricSpec,
    ReportPart,
    SolverSpec,
    Spec,
)
from nmflab.registry.discovery import PluginFailure, PluginInfo, failure_of
from nmflab.registry.kinds import KINDS

_LOG = logging.getLogger("nmflab")


class UnknownPlugin(LookupError):  # noqa: N818 (reads as what happened)
    """A configuration asks for a plugin that is not there; the message says more."""


@dataclass
class Registry:
    """The plugins that can be used, and those that cannot.

    Parameters
    ----------
    datasets, initializations, solvers, metrics : dict of spec by name
    sections : list of ReportPart
    config_dirs : list of Path
    plugins : list of PluginInfo
        Those that were opened, whatever they provide.
    failures : list of PluginFailure
    disabled : list of PluginInfo
        Left out by NMFLAB_DISABLE_PLUGINS.
    owners : dict of PluginInfo by (kind, name)
        The kinds are "dataset", "init", "solver", "metric" and "report section".
    """

    datasets: dict[str, DatasetSpec] = field(default_factory=dict)
    initializations: dict[str, InitSpec] = field(default_factory=dict)
    solvers: dict[str, SolverSpec] = field(default_factory=dict)
    metrics: dict[str, MetricSpec] = field(default_factory=dict)
    sections: list[ReportPart] = field(default_factory=list)
    config_dirs: list[Path] = field(default_factory=list)
    plugins: list[PluginInfo] = field(default_factory=list)
    failures: list[PluginFailure] = field(default_factory=list)
    disabled: list[PluginInfo] = field(default_factory=list)
    owners: dict[tuple[str, str], PluginInfo] = field(default_factory=dict)
    _listeners: list[tuple[PluginInfo, Any]] = field(default_factory=list, repr=False)
    _reported: set[str] = field(default_factory=set, repr=False)

    def specs(self, kind: str) -> Mapping[str, Spec]:
        """Return the specs of one kind, sorted by name.

        Raises
        ------
        UnknownPlugin
            If there is no such kind.
        """
        if kind not in KINDS:
            raise UnknownPlugin(
                f"no kind of plugin named {kind!r}; kinds: {', '.join(KINDS)}"
            )
        by_name: dict[str, Spec] = getattr(self, KINDS[kind].plural)
        return dict(sorted(by_name.items()))

    @overload
    def get(self, kind: Literal["dataset"], name: str) -> DatasetSpec: ...
    @overload
    def get(self, kind: Literal["init"], name: str) -> InitSpec: ...
    @overload
    def get(self, kind: Literal["solver"], name: str) -> SolverSpec: ...
    @overload
    def get(self, kind: Literal["metric"], name: str) -> MetricSpec: ...
    @overload
    def get(self, kind: str, name: str) -> Spec: ...

    def get(self, kind: str, name: str) -> Spec:
        """Return the spec of a plugin.

        Raises
        ------
        UnknownPlugin
            If none has that name: what is installed, the nearest name, and the failed
            or disabled plugins that may have provided it.
        """
        specs = self.specs(kind)
        if name not in specs:
            self._refuse(kind, name)
        return specs[name]

    def _refuse(self, kind: str, name: str) -> NoReturn:
        installed = list(self.specs(kind))
        parts = [
            f"no {kind} named {name!r} (config key '{KINDS[kind].config_key}');"
            f" installed: {', '.join(installed) or 'none'}."
        ]
        suspects = [one for one in self.failures if _may_provide(one, kind, name)]
        parts += [f"It may have come with the {one}." for one in suspects]
        parts += [
            f"The plugin {info} is disabled by NMFLAB_DISABLE_PLUGINS."
            for info in self.disabled
            if _is_named_after(info, kind, name)
        ]
        close = difflib.get_close_matches(name, installed, n=1)
        if close and not suspects:
            parts.append(f"Did you mean '{close[0]}'?")
        elif self.failures and not suspects:
            failed = sorted({f"'{one.entry_point}'" for one in self.failures})
            parts.append(
                f"Plugins that failed: {', '.join(failed)}; 'nmflab list' says why."
            )
        raise UnknownPlugin(" ".join(parts))

    def run_end(self, study: Path, row: Mapping[str, Any]) -> None:
        """Tell each plugin that listens of a finished run.

        A plugin that raises loses nothing and stops nobody: it is reported once, in the
        log and among `failures`, and told of the next run all the same.
        """
        for info, hooks in self._listeners:
            try:
                hooks.nmflab_run_end(study=study, row=row)
            except Exception as error:  # a plugin may raise anything at all
                self._report_once(info, error)

    def _report_once(self, info: PluginInfo, error: Exception) -> None:
        if info.entry_point in self._reported:
            return
        self._reported.add(info.entry_point)
        reason = f"its nmflab_run_end raised {type(error).__name__}: {error}"
        failure = failure_of(info, reason, traceback.format_exc())
        self.failures.append(failure)
        _LOG.warning("%s; later failures of it are not shown", failure)


def _may_provide(failure: PluginFailure, kind: str, name: str) -> bool:
    if failure.lost:
        return f"{kind} {name}" in failure.lost
    return _is_named_after(failure, kind, name)


def _is_named_after(plugin: PluginInfo | PluginFailure, kind: str, name: str) -> bool:
    """Whether an entry point such as ``solver.hals`` speaks of this plugin.

    A guess, for a hint only: the entry point or the module ends with the name, or with
    what the name begins with (``init.nndsvd`` provides nndsvda too).
    """
    first, *_ = plugin.entry_point.split(".")
    if first in KINDS and first != kind:
        return False
    ends = [re.split(r"[.:]", word)[-1] for word in (plugin.entry_point, plugin.module)]
    return any(end and name.startswith(end) for end in ends)
