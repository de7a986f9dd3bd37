"""The settings of a record, made fit to be run here; nothing of them is believed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from omegaconf import OmegaConf

from nmflab.config import AXES, PER_RUN, ConfigError, RootConfig
from nmflab.executors import NAMES

_APART = (*AXES, "cases", "case", "metric")


def settings_of(base: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return the settings of a recorded configuration, those it lacks at their default.

    An earlier nmflab knew fewer. What is asked of this command and not of the runs is
    set aside: dry runs, retries, reports.

    Parameters
    ----------
    base : mapping
        Plain values; text in it stays text, whatever it holds.
    title : str
        Of the record, for messages.

    Raises
    ------
    ConfigError
        For a setting this nmflab does not have, or a value of another kind.
    """
    usual = deepcopy(usual_settings())
    unknown = [name for name in base if name not in usual and name not in _APART]
    if unknown:
        raise ConfigError(
            f"{title}: its record has a setting {unknown[0]}, which this nmflab does"
            " not have; run it with the version that wrote it"
        )
    settings = {
        name: _filled(name, usual[name], base.get(name, usual[name]), title)
        for name in usual
    }
    metric = base.get("metric")
    settings["metric"] = dict(metric) if isinstance(metric, Mapping) else {}
    settings |= {"dry_run": False, "report": False, "retry": [], "fail_fast": False}
    executor, jobs = settings["executor"]["name"], settings["executor"]["n_jobs"]
    if executor not in NAMES:
        raise ConfigError(
            f"{title}: executor.name={executor!r} is not one of {', '.join(NAMES)}"
        )
    if jobs is not None:  # of another machine, maybe
        settings["executor"]["n_jobs"] = min(jobs, os.cpu_count() or 1)
    return settings


def per_run(settings: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return the settings that belong to a run, checked and filled up in the same way.

    Raises
    ------
    ConfigError
        As `settings_of`.
    """
    usual = deepcopy(usual_settings())
    return {n: _filled(n, usual[n], settings.get(n, usual[n]), title) for n in PER_RUN}


@cache
def usual_settings() -> dict[str, Any]:
    """Return every setting at its default, as plain values; not to be written to."""
    node = OmegaConf.to_container(OmegaConf.structured(RootConfig), enum_to_str=True)
    assert isinstance(node, dict)
    return {str(name): value for name, value in node.items() if name not in _APART}


def with_usual(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that belong to a run, those not recorded at their default.

    Unlike `per_run` it refuses nothing: for comparing, not for running.
    """
    filled = {}
    for name in PER_RUN:
        usual, given = usual_settings()[name], config.get(name)
        if isinstance(usual, dict) and isinstance(given, Mapping | None):
            filled[name] = {**usual, **(given or {})}
        else:
            filled[name] = config.get(name, usual)
    return filled


def _filled(name: str, usual: Any, given: Any, title: str) -> Any:
    """Return a given value, or the usual; Any: what JSON and YAML hold."""
    if given is None:
        return usual if isinstance(usual, dict | list) else given
    if not _is_like(given, usual):
        raise ConfigError(f"{title}: {name}={given!r} is no value of this setting")
    if not isinstance(usual, dict):
        return list(given) if isinstance(given, list) else given
    unknown = [key for key in given if key not in usual]
    if unknown:
        raise ConfigError(
            f"{title}: its record has {name}.{unknown[0]}, which this nmflab does not"
            " have; run it with the version that wrote it"
        )
    inner = ((k, usual[k], given[k] if k in given else usual[k]) for k in usual)
    return {k: _filled(f"{name}.{k}", u, g, title) for k, u, g in inner}


def _is_like(given: object, usual: object) -> bool:
    """Return whether a value is of the kind of the usual one."""
    if usual is None or isinstance(usual, float):
        kinds: tuple[type, ...] = (
            (int, float) if usual is not None else (int, float, str)
        )
        return isinstance(given, kinds) and not isinstance(given, bool)
    if isinstance(usual, bool):
        return isinstance(given, bool)
    if isinstance(usual, list):
        return isinstance(given, list) and all(isinstance(one, str) for one in given)
    if isinstance(usual, dict):
        return isinstance(given, Mapping)
    return isinstance(given, type(usual)) and not isinstance(given, bool)
