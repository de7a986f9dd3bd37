"""Opening each plugin by itself, so that one fault costs one plugin.

A plugin is opened in full or not at all: its records leave this module only when every
hook it implements has been called and every record has passed the checks.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from inspect import isfunction
from pathlib import Path
from typing import Any

import pluggy

import nmflab.hookspecs
from nmflab.contracts import (
    CONTRACT_VERSION,
    FeatureDrawing,
    ReportPart,
    ReportSection,
    Spec,
)
from nmflab.registry.checks import (
    ContractError,
    check_part,
    check_spec,
    unmet,
)
from nmflab.registry.discovery import (
    GROUP,
    PluginFailure,
    PluginInfo,
    failure_of,
)
from nmflab.registry.kinds import KINDS

_HOOKS = sorted(name for name in vars(nmflab.hookspecs) if name.startswith("nmflab_"))


@dataclass(frozen=True)
class OpenedPlugin:
    """What one plugin declares, checked.

    Parameters
    ----------
    info : PluginInfo
    specs : list of (kind word, spec)
    sections : list of ReportPart
    config_dirs : list of Path
    failures : list of PluginFailure
        Parts left out for want of an optional dependency.
    hooks : pluggy.HookRelay
        The plugin's hooks and no other plugin's.
    """

    info: PluginInfo
    specs: list[tuple[str, Spec]] = field(default_factory=list)
    sections: list[ReportPart] = field(default_factory=list)
    config_dirs: list[Path] = field(default_factory=list)
    failures: list[PluginFailure] = field(default_factory=list)
    hooks: Any = None  # pluggy makes its attributes at run time


def open_plugin(info: PluginInfo, entry: EntryPoint) -> OpenedPlugin | PluginFailure:
    """Import one plugin, call each of its hooks, check what they yield."""
    try:
        return _open(info, entry)
    except ContractError as fault:
        return failure_of(info, str(fault))
    except (Exception, SystemExit) as error:  # a plugin may raise anything at all
        reason = f"raised {_described(error)}"
        return failure_of(info, reason, traceback.format_exc())


def _described(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _open(info: PluginInfo, entry: EntryPoint) -> OpenedPlugin | PluginFailure:
    try:
        plugin = entry.load()
    except (Exception, SystemExit) as error:
        return failure_of(info, _import_reason(info, error), traceback.format_exc())
    _check_contract(plugin)
    opened = OpenedPlugin(info, hooks=_hooks_of(plugin))
    for kind in KINDS.values():
        records = _records(opened.hooks, kind.hook, kind.record)
        _refuse_twins(kind.word, [record.name for record in records])
        for spec in records:
            check_spec(kind, spec)
            _add_spec(opened, kind.word, spec)
    parts = (ReportSection, FeatureDrawing)
    for part in _records(opened.hooks, "nmflab_report_sections", *parts):
        check_part(part)
        opened.sections.append(part)
    _refuse_twins("report section", [section.name for section in opened.sections])
    for folder in _records(opened.hooks, "nmflab_config_dirs", Path):
        if not folder.is_dir():
            raise ContractError(
                f"nmflab_config_dirs names {str(folder)!r}, which is no folder; ship"
                " the YAML files as package data"
            )
        opened.config_dirs.append(folder)
    return opened


def _import_reason(info: PluginInfo, error: BaseException) -> str:
    """Say why an import failed; a module that is not there is said in its own words."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        if info.module == error.name or info.module.startswith(f"{error.name}."):
            return (
                f"its module '{info.module}' does not exist (no '{error.name}');"
                " reinstall the distribution, or mend its entry point"
            )
        return (
            f"needs '{error.name}', which is not installed; install it (plugins"
            " import optional libraries inside methods and name them in 'requires')"
        )
    if isinstance(error, SyntaxError):
        at = f"{error.filename}, line {error.lineno}"
        return f"'{info.module}' is not valid Python: {error.msg} ({at})"
    return f"importing '{info.module}' raised {_described(error)}"


def _check_contract(plugin: object) -> None:
    version = getattr(plugin, "NMFLAB_CONTRACT", None)
    if version is None:
        raise ContractError(
            "names no contract version; write NMFLAB_CONTRACT ="
            f" {CONTRACT_VERSION} at the top of the module"
        )
    if version != CONTRACT_VERSION:
        raise ContractError(
            f"was written for contract version {version!r}, this nmflab has version"
            f" {CONTRACT_VERSION}; install a release of the plugin, or of nmflab, that"
            " fits the other"
        )


def _hooks_of(plugin: Any) -> Any:
    """Register one plugin by itself and refuse what looks like a hook but is none."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(nmflab.hookspecs)
    try:
        manager.register(plugin)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        callers = manager.get_hookcallers(plugin) or []
        strange = [caller.name for caller in callers if not caller.has_spec()]
        raise ContractError(_misspelt(strange) or _described(error)) from error
    for name, value in vars(plugin).items():
        if name in _HOOKS and isfunction(value) and not hasattr(value, "nmflab_impl"):
            raise ContractError(f"'{name}' lacks its @hookimpl, so it is never called")
    if not manager.get_hookcallers(plugin):
        raise ContractError(
            f"implements no hook, so it offers nothing; hooks: {', '.join(_HOOKS)}"
        )
    return manager.hook


def _misspelt(names: Collection[str]) -> str:
    sentences = []
    for name in names:
        close = difflib.get_close_matches(name, _HOOKS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"hooks: {', '.join(_HOOKS)}"
        sentences.append(f"there is no hook named '{name}'; {hint}")
    return " ".join(sentences)


def _records(hooks: Any, hook: str, *kinds: type[Any]) -> list[Any]:
    """Call one hook of one plugin and return what it yields, of the right type."""
    caller = getattr(hooks, hook)
    if not caller.get_hookimpls():
        return []
    answers = caller()
    named = " or ".join(kind.__name__ for kind in kinds)
    if not answers:  # pluggy leaves None out
        raise ContractError(f"{hook} returned None; yield {named} from it")
    records = list(answers[0])
    for one in records:
        if not isinstance(one, kinds):
            raise ContractError(
                f"{hook} yielded {one!r} ({type(one).__name__}), not a {named}"
            )
    return records


def _refuse_twins(kind: str, names: list[str]) -> None:
    twins = sorted({str(name) for name in names if names.count(name) > 1})
    if twins:
        raise ContractError(f"declares the {kind} {', '.join(twins)} more than once")


def _add_spec(opened: OpenedPlugin, kind: str, spec: Spec) -> None:
    missing = unmet(spec.requires)
    if not missing:
        opened.specs.append((kind, spec))
        return
    reason = (
        f"{kind} '{spec.name}' needs {', '.join(missing)}: pip install"
        f" {' '.join(repr(text) for text in missing)}"
    )
    lost = (f"{kind} {spec.name}",)
    opened.failures.append(failure_of(opened.info, reason, lost=lost))
