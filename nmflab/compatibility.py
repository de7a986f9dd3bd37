"""Which solver and start can take which problem: said before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nmflab.contracts import InitSpec, Objective, SolverSpec, Takes
from nmflab.instances import built_once, changes, default_object
from nmflab.registry import Registry
from nmflab.splits import RESAMPLINGS, leaves_complete

Facts = Mapping[str, Any]
Need = tuple[str, Callable[[Takes], bool]]
"""What is asked for, in words, and whether somebody takes it."""

MISSING = "missing entries"


def has_missing(facts: Facts, config: Mapping[str, Any]) -> bool:
    """Return whether some cells of the problem are not to be fitted."""
    if config["missing_as_zero"]:
        return False
    return facts["missing"] != "none" or not leaves_complete(config["split"])


def unfit(facts: Facts, config: Mapping[str, Any], registry: Registry) -> str | None:
    """Return why a run cannot be made, naming what could make it; None if it can.

    The configured solver and start are asked: a parameter may narrow what they take.

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

    Raises
    ------
    ValueError
        If a plugin refuses its parameters, naming the key.
    """
    solver = registry.get("solver", config["solver"]["name"])
    init = registry.get("init", config["init"]["name"])
    assert isinstance(solver, SolverSpec)
    assert isinstance(init, InitSpec)
    objective = Objective(**config["objective"])
    masked = has_missing(facts, config)
    return (
        _split_reason(facts, config)
        or _objective_reason(facts, objective, masked)
        or _solver_reason(facts, config, objective, solver, registry)
        or _init_reason(facts, config, solver, init, registry)
    )


def _split_reason(facts: Facts, config: Mapping[str, Any]) -> str | None:
    split = config["split"]
    if (
        facts["missing"] != "none"
        and split["name"] != "none"
        and leaves_complete(split)
    ):
        what = "leaves out events"
        if split["name"] == "bi_cv":
            what = "leaves out whole rows and columns"
        elif split["name"] in RESAMPLINGS:
            what = "is another draw"
        return (
            f"split {split['name']} {what} of complete data, and here cells are"
            " missing; use split.cells=observed (speckled, k_folds, leave_n), or a view"
            " of the data in which a 0 is a value"
        )
    largest = config["split"].get("n_components_max")
    if largest is None or config["n_components"] <= largest:
        return None
    return (
        f"split {config['split']['name']} keeps cells for sizes up to"
        f" split.n_components_max={largest}, n_components is"
        f" {config['n_components']}; raise split.n_components_max for the whole sweep,"
        " so that all sizes are tested on the same cells"
    )


def _objective_reason(facts: Facts, objective: Objective, masked: bool) -> str | None:
    return (
        _penalty_reason(objective)
        or _value_reason(facts, objective)
        or _floor_reason(facts, objective, masked)
    )


def _penalty_reason(objective: Objective) -> str | None:
    sides = {
        "W": (objective.l1_W, objective.l2_W),
        "H": (objective.l1_H, objective.l2_H),
    }
    if objective.unit != "none" and sides[objective.unit][1]:
        return (
            f"objective.l2_{objective.unit} penalises the lengths that objective.unit="
            f"{objective.unit} holds at 1; set objective.l2_{objective.unit}=0"
            f" (objective.l1_{objective.unit} keeps its meaning)"
        )
    if any(sides["W"]) == any(sides["H"]):
        return None
    on, free = ("W", "H") if any(sides["W"]) else ("H", "W")
    if objective.unit == free:
        return None
    return (
        f"a penalty on {on} with {free} free has no minimiser: scaling {on} down"
        f" and {free} up lowers the objective without end; set objective.l1_{free}"
        f" or objective.l2_{free} too, or objective.unit={free} to hold its components"
        " at length 1"
    )


def _value_reason(facts: Facts, objective: Objective) -> str | None:
    if facts["minimum"] < 0 and objective.exponent != 2:
        return (
            f"objective {objective.loss} needs X >= 0, and the smallest value of X is"
            f" {facts['minimum']:g}{_where(facts)}; use objective=frobenius with a"
            " solver that takes signed data"
        )
    if objective.exponent <= 0 and _has_zeros(facts) and not objective.floor > 0:
        return (
            f"objective {objective.loss} is infinite where X is 0, and X has zeros; use"
            " objective=kullback_leibler, data without zeros, or objective.floor, the"
            " smallest value a cell of X is to count as"
        )
    return None


def _floor_reason(facts: Facts, objective: Objective, masked: bool) -> str | None:
    if facts["storage"] == "dense" or masked or not objective.floor > 0:
        return None
    return (
        f"objective.floor={objective.floor:g} would make every cell of the sparse X"
        " nonzero, and X dense; use objective.floor=0, a dense X, or data whose"
        " unstored cells are unknown"
    )


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
        *_objective_needs(objective),
    ]
    return _first_unmet("solver", solver, config["solver"], needs, registry.solvers)


def _objective_needs(objective: Objective) -> list[Need]:
    needs: list[Need] = [
        (f"objective {objective.loss}", lambda takes: objective.loss in takes.losses)
    ]
    weights = objective.penalties - {"unit"}
    if weights:
        what = f"penalties {', '.join(sorted(weights))}"
        needs.append((what, lambda takes: weights <= takes.penalties))
    if objective.unit != "none":
        what = f"components held at length 1 (objective.unit={objective.unit})"
        needs.append((what, lambda takes: "unit" in takes.penalties))
    return needs


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
    configured = _configured(init, config["init"])
    if init.limit_of(configured) == "min_shape" and config["n_components"] > smallest:
        return (
            f"init {init.name} can give at most min(n_samples, n_features) ="
            f" {smallest} components, n_components is {config['n_components']}; use"
            " init=random, or fewer components"
        )
    needs = _data_needs(facts, has_missing(facts, config))
    others = registry.initializations
    return _first_unmet("init", init, config["init"], needs, others)


def _data_needs(facts: Facts, missing: bool) -> list[Need]:
    needs: list[Need] = []
    if facts["storage"] == "csr":
        needs.append(("sparse X", lambda takes: takes.sparse))
    else:
        needs.append(("dense X", lambda takes: takes.dense))
    if missing:
        needs.append((MISSING, lambda takes: takes.missing))
    else:
        needs.append(("data without missing entries", lambda takes: takes.complete))
    if facts["minimum"] < 0:
        what = f"negative values{_where(facts)}"
        needs.append((what, lambda takes: takes.signed))
    return needs


def _first_unmet(
    kind: str,
    spec: SolverSpec | InitSpec,
    node: Mapping[str, Any],
    needs: list[Need],
    others: Mapping[str, SolverSpec | InitSpec],
) -> str | None:
    asked = _configured(spec, node)
    takes = spec.takes_of(asked)
    unmet = [what for what, met in needs if not met(takes)]
    if not unmet:
        return None
    ways = _ways(kind, spec, asked, needs, others)
    way = (
        f"use {' or '.join(ways)}"
        if ways
        else f"no {kind} here can: mend the data, or install one that does"
    )
    if unmet[0] == MISSING:
        way += ", or missing_as_zero=true to treat them as zeros"
    return f"{kind} {spec.name} cannot take {unmet[0]}; {way}"


def _ways(
    kind: str,
    spec: SolverSpec | InitSpec,
    asked: object,
    needs: list[Need],
    others: Mapping[str, SolverSpec | InitSpec],
) -> list[str]:
    """Return the overrides that meet all needs: other plugins, other parameters."""
    names: list[str] = []
    parameters: list[str | None] = []
    for name, other in sorted(others.items()):
        if isinstance(other, SolverSpec) and other.promises.minimises == "own":
            continue  # fits another model: no stand-in for one of the shared objective
        default = default_object(class_of(other))
        takes = other.takes
        if name == spec.name and callable(takes):
            parameters.append(_narrowest(kind, other, asked, needs))
        elif not callable(takes):
            names += [name] if _meets(takes, needs) else []
        elif default is not None and _meets(other.takes_of(default), needs):
            names.append(name)
        elif (found := _narrowest(kind, other, default, needs)) is not None:
            parameters.append(f"{kind}={name} {found}")
    named = [f"{kind}={' or '.join(names)}"] if names else []
    return named + [found for found in parameters if found is not None]


def _narrowest(
    kind: str, spec: SolverSpec | InitSpec, asked: object, needs: list[Need]
) -> str | None:
    """Return the fewest changes of parameters that meet all needs, as overrides."""
    found = [
        [f"{kind}.{change}" for change in changes(asked, other)]
        for other in (default_object(class_of(spec)), *spec.examples)
        if other is not None and _meets(spec.takes_of(other), needs)
    ]
    fewest: list[str] = min(found, key=len, default=[])
    return " ".join(fewest) or None


def _meets(takes: Takes, needs: list[Need]) -> bool:
    return all(met(takes) for _, met in needs)


def _configured(spec: SolverSpec | InitSpec, node: Mapping[str, Any]) -> Any:
    kind = "solver" if isinstance(spec, SolverSpec) else "init"
    return built_once(class_of(spec), node, kind)


def class_of(spec: SolverSpec | InitSpec) -> type[Any]:
    """Return the class whose instances a spec configures."""
    return spec.solver if isinstance(spec, SolverSpec) else spec.initialization
