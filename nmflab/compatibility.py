"""Which solver and start can take which problem: said before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nmflab.contracts import InitSpec, Objective, SolverSpec, Takes
from nmflab.registry import Registry

Facts = Mapping[str, Any]


def has_missing(facts: Facts, config: Mapping[str, Any]) -> bool:
    """Return whether some cells of the problem are not to be fitted."""
    missing = facts["missing"] != "none" and not config["missing_as_zero"]
    return bool(missing or config["split"]["name"] != "none")


def unfit(facts: Facts, config: Mapping[str, Any], registry: Registry) -> str | None:
    """Return why a run cannot be made, naming what could make it; None if it can.

    Parameters
    ----------
    facts : mapping
        Of the materialised dataset (`nmflab.materialise`).
    config : mapping
        The run's axes and settings, plain.
    registry : Registry

    Returns
    -------
    str or None
        A sentence with the pair, the reason and the way out.
    """
    solver = registry.get("solver", config["solver"]["name"])
    init = registry.get("init", config["init"]["name"])
    assert isinstance(solver, SolverSpec)
    assert isinstance(init, InitSpec)
    objective = Objective(**config["objective"])
    return (
        _split_reason(config)
        or _objective_reason(facts, objective)
        or _solver_reason(facts, config, objective, solver, registry)
        or _init_reason(facts, config, solver, init, registry)
    )


def _split_reason(config: Mapping[str, Any]) -> str | None:
    largest = config["split"].get("n_components_max")
    if largest is None or config["n_components"] <= largest:
        return None
    return (
        f"split {config['split']['name']} keeps cells for sizes up to"
        f" split.n_components_max={largest}, n_components is"
        f" {config['n_components']}; raise split.n_components_max for the whole sweep,"
        " so that all sizes are tested on the same cells"
    )


def _objective_reason(facts: Facts, objective: Objective) -> str | None:
    sides = {
        "W": (objective.l1_W, objective.l2_W),
        "H": (objective.l1_H, objective.l2_H),
    }
    if any(sides["W"]) != any(sides["H"]):
        on, free = ("W", "H") if any(sides["W"]) else ("H", "W")
        return (
            f"a penalty on {on} with {free} free has no minimiser: scaling {on} down"
            f" and {free} up lowers the objective without end; set objective.l1_{free}"
            f" or objective.l2_{free} too"
        )
    if facts["minimum"] < 0 and objective.exponent != 2:
        return (
            f"objective {objective.loss} needs X >= 0, and the smallest value of X is"
            f" {facts['minimum']:g}{_where(facts)}; use objective=frobenius with a"
            " solver that takes signed data"
        )
    if objective.exponent <= 0 and _has_zeros(facts):
        return (
            f"objective {objective.loss} is infinite where X is 0, and X has zeros; use"
            " objective=kullback_leibler, or data without zeros"
        )
    return None


def _has_zeros(facts: Facts) -> bool:
    unstored = facts["storage"] == "csr" and facts["missing"] != "unstored"
    cells = facts["n_samples"] * facts["n_features"]
    return bool(facts["minimum"] <= 0 or (unstored and facts["n_stored"] < cells))


def _where(facts: Facts) -> str:
    first = facts.get("first_negative")
    return f" (the first at {first})" if first else ""


def _solver_reason(
    facts: Facts,
    config: Mapping[str, Any],
    objective: Objective,
    solver: SolverSpec,
    registry: Registry,
) -> str | None:
    needs = [
        *_data_needs(facts, has_missing(facts, config)),
        (
            f"objective {objective.loss}",
            lambda takes: objective.loss in takes.losses,
        ),
        (
            f"penalties {', '.join(sorted(objective.penalties))}",
            lambda takes: objective.penalties <= takes.penalties,
        ),
    ]
    fitting = {name: spec.takes for name, spec in registry.solvers.items()}
    return _first_unmet("solver", solver.name, solver.takes, needs, fitting)


def _init_reason(
    facts: Facts,
    config: Mapping[str, Any],
    solver: SolverSpec,
    init: InitSpec,
    registry: Registry,
) -> str | None:
    if solver.promises.init == "own":
        return None
    smallest = min(facts["n_samples"], facts["n_features"])
    if init.limit == "min_shape" and config["n_components"] > smallest:
        return (
            f"init {init.name} can give at most min(n_samples, n_features) ="
            f" {smallest} components, n_components is {config['n_components']}; use"
            " init=random, or fewer components"
        )
    fitting = {name: spec.takes for name, spec in registry.initializations.items()}
    needs = _data_needs(facts, has_missing(facts, config))
    return _first_unmet("init", init.name, init.takes, needs, fitting)


Need = tuple[str, Callable[[Takes], bool]]


def _data_needs(facts: Facts, missing: bool) -> list[Need]:
    needs: list[Need] = []
    if facts["storage"] == "csr":
        needs.append(("sparse X", lambda takes: takes.sparse))
    else:
        needs.append(("dense X", lambda takes: takes.dense))
    if missing:
        needs.append(("missing entries", lambda takes: takes.missing))
    else:
        needs.append(("data without missing entries", lambda takes: takes.complete))
    if facts["minimum"] < 0:
        what = f"negative values{_where(facts)}"
        needs.append((what, lambda takes: takes.signed))
    return needs


def _first_unmet(
    kind: str, name: str, takes: Takes, needs: list[Need], others: Mapping[str, Takes]
) -> str | None:
    for what, met in needs:
        if not met(takes):
            able = sorted(n for n, t in others.items() if all(m(t) for _, m in needs))
            way = (
                f"use {kind}={' or '.join(able)}"
                if able
                else f"no {kind} here can: mend the data, or install one that does"
            )
            hint = (
                ", or missing_as_zero=true to treat them as zeros"
                if what == "missing entries"
                else ""
            )
            return f"{kind} {name} cannot take {what}; {way}{hint}"
    return None
