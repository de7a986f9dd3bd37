"""Cases: labelled bundles of overrides, swept as one axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nmflab.config import AXES, GROUPS, PER_RUN, ConfigError
from nmflab.sweep.misspelt import unknown_key
from nmflab.sweep.overrides import Sweeps, literal


def cases_of(root: DictConfig, sweeps: Sweeps) -> dict[str, list[str]]:
    """Return the overrides of each case by label; one case "" where there are none."""
    # Unresolved: what a case takes from another key depends on the run.
    raw = OmegaConf.to_container(root, resolve=False, enum_to_str=True)
    assert isinstance(raw, dict)
    cases = raw.get("cases") or {}
    if not isinstance(cases, Mapping):
        raise ConfigError(
            f"cases={cases!r}: give each case a label and its overrides, as in"
            " cases={one: {solver: hals}, other: {solver: mu}}"
        )
    cases = {str(name): case for name, case in cases.items()}
    names = list(cases) if sweeps.cases is None else sweeps.cases
    if not names:
        return {"": []}
    chosen = {}
    for name in names:
        if not cases:
            raise ConfigError(f"case={name}: there are no cases; give cases={{...}}")
        if name not in cases:
            raise ConfigError(
                unknown_key(name, tuple(cases), what="case", where="cases")
            )
        chosen[name] = _case_overrides(name, cases[name], sweeps.keys)
    return chosen


def _case_overrides(name: str, case: Any, taken: set[str]) -> list[str]:
    if not isinstance(case, Mapping):
        raise ConfigError(
            f"cases.{name} is {case!r}; give overrides, as in {name}: {{solver: hals}}"
        )
    overrides = []
    for key, value in case.items():
        root = str(key).split(".")[0]
        if root not in AXES and root not in PER_RUN:
            raise ConfigError(
                f"cases.{name}.{key}: a case may set axes ({', '.join(AXES)}) and what"
                f" belongs to a run ({', '.join(PER_RUN)})"
            )
        if key in taken:
            raise ConfigError(
                f"cases.{name} sets {key}, and so does the sweep; leave one of them out"
            )
        overrides.append(f"{key}={literal(value)}")
    # A group is chosen before its parameters are set, whatever their order in the file.
    return sorted(overrides, key=lambda o: o.split("=")[0] not in GROUPS)
