from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from nmflab import session
from nmflab.compatibility import has_missing, unfit
from nmflab.contracts import Promises, Takes
from nmflab.registry import Registry

FACTS: dict[str, Any] = {
    "n_samples": 5,
    "n_features": 4,
    "n_stored": 20,
    "storage": "dense",
    "missing": "none",
    "minimum": 0.5,
}
CONFIG: dict[str, Any] = {
    "split": {"name": "none"},
    "objective": {"loss": "frobenius"},
    "init": {"name": "random"},
    "solver": {"name": "hals"},
    "n_components": 2,
    "missing_as_zero": False,
}


def reason(
    *,
    facts: dict[str, Any] | None = None,
    registry: Registry | None = None,
    **config: Any,
) -> str | None:
    """Return why a run with these facts and this configuration cannot be made."""
    return unfit(
        {**FACTS, **(facts or {})}, {**CONFIG, **config}, registry or session.registry()
    )


def with_takes(**takes: Any) -> Registry:
    """Return a copy of the registry whose solver `hals` takes something else."""
    registry = copy.copy(session.registry())
    spec = replace(registry.get("solver", "hals"), takes=Takes(**takes))
    registry.solvers = {**registry.solvers, "hals": spec}
    return registry


def test_a_plain_problem_fits() -> None:
    """Dense, positive, complete: what every solver takes."""
    assert reason() is None


def test_sparse_data_are_refused_by_a_solver_for_dense_data() -> None:
    """The message names the pair, what is wrong, and who could."""
    said = reason(facts={"storage": "csr"}, registry=with_takes(sparse=False))
    assert said is not None
    assert said.startswith("solver hals cannot take sparse X; use solver=")
    assert "mu" in said


def test_dense_data_are_refused_by_a_solver_for_sparse_data() -> None:
    """The other way round."""
    said = reason(registry=with_takes(dense=False))
    assert said is not None
    assert said.startswith("solver hals cannot take dense X; use solver=")


def test_missing_entries_are_refused_with_both_ways_out() -> None:
    """Another solver, or an explicit option that treats them as zeros."""
    said = reason(facts={"missing": "mask"})
    assert said is not None
    assert said.startswith("solver hals cannot take missing entries; use solver=")
    assert "mu" in said
    assert said.endswith(", or missing_as_zero=true to treat them as zeros")


def test_missing_entries_fit_where_they_are_treated_as_zeros() -> None:
    """The user has said so."""
    assert reason(facts={"missing": "mask"}, missing_as_zero=True) is None


def test_a_split_makes_entries_missing() -> None:
    """Its test cells are not to be fitted."""
    said = reason(split={"name": "speckled"})
    assert said is not None
    assert said.startswith("solver hals cannot take missing entries")


@pytest.mark.parametrize(
    ("missing", "as_zero", "split", "expected"),
    [
        ("none", False, "none", False),
        ("mask", False, "none", True),
        ("unstored", False, "none", True),
        ("unstored", True, "none", False),
        ("none", False, "speckled", True),
        ("mask", False, "speckled", True),
        ("mask", True, "speckled", False),
        ("none", False, "bi_cv", False),
    ],
)
def test_cells_are_missing_by_the_data_or_by_the_split(
    missing: str, as_zero: bool, split: str, expected: bool
) -> None:
    """`missing_as_zero` makes zeros of both; a block leaves complete data complete."""
    config = {"missing_as_zero": as_zero, "split": {"name": split}}
    assert has_missing({"missing": missing}, config) is expected


def test_complete_data_are_refused_by_a_solver_for_masked_data() -> None:
    """A solver may say that it makes no sense on them."""
    said = reason(registry=with_takes(missing=True, complete=False))
    assert said is not None
    assert said.startswith("solver hals cannot take data without missing entries")


def test_negative_values_are_refused_with_the_first_of_them() -> None:
    """Where no solver takes signed data, it says so."""
    said = reason(facts={"minimum": -2.0, "first_negative": "row 3, column 'price'"})
    assert said is not None
    assert "negative values (the first at row 3, column 'price')" in said


def test_an_objective_a_solver_cannot_minimise_is_refused() -> None:
    """Those that can are named."""
    said = reason(objective={"loss": "kullback_leibler"})
    assert said is not None
    assert said.startswith("solver hals cannot take objective kullback_leibler; use")
    assert "mu" in said


def test_penalties_a_solver_does_not_know_are_refused() -> None:
    """Both kinds are named."""
    both = {"loss": "frobenius", "l1_W": 1.0, "l1_H": 1.0, "l2_W": 1.0, "l2_H": 1.0}
    said = reason(objective=both, registry=with_takes(penalties=frozenset({"l1"})))
    assert said is not None
    assert said.startswith("solver hals cannot take penalties l1, l2; ")


@pytest.mark.parametrize(
    ("penalty", "on", "free"),
    [("l1_W", "W", "H"), ("l2_W", "W", "H"), ("l1_H", "H", "W"), ("l2_H", "H", "W")],
)
def test_a_penalty_on_one_factor_alone_is_refused(
    penalty: str, on: str, free: str
) -> None:
    """Scaling one factor down and the other up lowers it for ever."""
    said = reason(objective={"loss": "frobenius", penalty: 0.1})
    assert said is not None
    assert said.startswith(f"a penalty on {on} with {free} free has no minimiser")
    assert f"set objective.l1_{free} or objective.l2_{free} too" in said
    assert f"or objective.unit={free} to hold its components at length 1" in said


def test_different_penalties_on_the_two_factors_fit() -> None:
    """L1 on one and L2 on the other is bounded below."""
    objective = {"loss": "frobenius", "l1_W": 0.1, "l2_H": 0.1}
    registry = with_takes(penalties=frozenset({"l1", "l2"}))
    assert reason(objective=objective, registry=registry) is None


@pytest.mark.parametrize(
    "facts",
    [
        {"minimum": 0.0},
        {"storage": "csr", "n_stored": 19},
    ],
    ids=["a zero", "a cell that is not stored"],
)
@pytest.mark.parametrize(
    "objective", [{"loss": "itakura_saito"}, {"loss": "beta", "beta": -1.0}]
)
def test_an_objective_with_a_pole_at_zero_is_refused_where_x_has_zeros(
    facts: dict[str, Any], objective: dict[str, Any]
) -> None:
    """Itakura-Saito, and every beta up to 0, is infinite there."""
    said = reason(facts=facts, objective=objective, solver={"name": "mu"})
    assert said is not None
    assert "is infinite where X is 0, and X has zeros" in said
    assert "or objective.floor, the smallest value a cell of X is to count as" in said


def test_itakura_saito_fits_where_x_is_positive() -> None:
    """The reason is the zeros, not the loss."""
    assert reason(objective={"loss": "itakura_saito"}, solver={"name": "mu"}) is None


def test_a_divergence_of_negative_data_is_refused() -> None:
    """Only the squared error is defined for them."""
    said = reason(facts={"minimum": -1.0}, objective={"loss": "kullback_leibler"})
    assert said is not None
    assert said.startswith("objective kullback_leibler needs X >= 0, and the smallest")


@pytest.mark.parametrize("name", ["nndsvd", "nndsvda", "nndsvdar"])
def test_a_start_from_singular_vectors_gives_min_shape_components(name: str) -> None:
    """There are no more of them; a random start has any number."""
    assert reason(init={"name": name}, n_components=4) is None
    assert reason(init={"name": name}, n_components=5) == (
        f"init {name} can give at most min(n_samples, n_features) = 4 components,"
        " n_components is 5; use init=random, or fewer components"
    )
    assert reason(n_components=5) is None


def test_a_split_sized_for_fewer_components_is_refused() -> None:
    """All sizes of a sweep are to be tested on the same cells."""
    said = reason(split={"name": "speckled", "n_components_max": 4}, n_components=5)
    assert said is not None
    assert said.startswith("split speckled keeps cells for sizes up to")
    assert "split.n_components_max=4, n_components is 5" in said


def test_the_start_does_not_matter_to_a_solver_that_brings_its_own() -> None:
    """What it ignores cannot be unfit."""
    registry = copy.copy(session.registry())
    spec = replace(registry.get("solver", "hals"), promises=Promises(init="own"))
    registry.solvers = {**registry.solvers, "hals": spec}
    said = reason(init={"name": "nndsvd"}, n_components=9, registry=registry)
    assert said is None


def test_a_floor_lets_a_divergence_have_zeros() -> None:
    """They count as the floor then."""
    objective = {"loss": "itakura_saito", "floor": 1e-3}
    solver = {"name": "mu"}
    assert reason(facts={"minimum": 0.0}, objective=objective, solver=solver) is None


def test_a_floor_is_refused_where_it_would_make_x_dense() -> None:
    """A sparse X whose unstored cells are zeros, not unknowns."""
    objective = {"loss": "frobenius", "floor": 0.1}
    facts = {"storage": "csr", "n_stored": 7}
    said = reason(facts=facts, objective=objective)
    assert said is not None
    assert said.startswith("objective.floor=0.1 would make every cell of the sparse X")
    masked = {**facts, "missing": "unstored"}
    assert reason(
        facts=masked, objective=objective, registry=with_takes(missing=True)
    ) is (None)


@pytest.mark.parametrize(("penalty", "unit"), [("l1_W", "H"), ("l2_H", "W")])
def test_a_penalty_on_one_factor_fits_where_the_other_is_held(
    penalty: str, unit: str
) -> None:
    """Its components of length 1 are the way out that the reason names."""
    objective = {"loss": "frobenius", penalty: 0.1, "unit": unit}
    registry = with_takes(penalties=frozenset({"l1", "l2", "unit"}))
    assert reason(objective=objective, registry=registry) is None
    said = reason(objective=objective, registry=with_takes(penalties={"l1", "l2"}))
    assert said is not None
    what = f"components held at length 1 (objective.unit={unit})"
    assert said.startswith(f"solver hals cannot take {what}; ")


def test_the_length_of_a_unit_factor_is_not_penalised() -> None:
    """An L2 penalty on it would be a constant."""
    objective = {"loss": "frobenius", "l2_W": 0.1, "l1_H": 0.1, "unit": "W"}
    said = reason(objective=objective)
    assert said is not None
    assert said.startswith("objective.l2_W penalises the lengths that objective.unit=W")
    assert "set objective.l2_W=0" in said


def test_weights_by_counts_are_a_penalty_of_their_own() -> None:
    """A solver may know L2 and not its counts."""
    objective = {"loss": "frobenius", "l2_W": 1.0, "l2_H": 1.0, "l2_per_count": True}
    said = reason(objective=objective, registry=with_takes(penalties=frozenset({"l2"})))
    assert said is not None
    assert said.startswith("solver hals cannot take penalties l2_per_count; ")


def test_the_configured_solver_is_asked_not_its_class() -> None:
    """A parameter decides what it takes, and the reason says which value would."""
    objective = {"loss": "kullback_leibler"}
    assert reason(solver={"name": "sklearn", "method": "mu"}, objective=objective) is (
        None
    )
    said = reason(solver={"name": "sklearn", "method": "cd"}, objective=objective)
    assert said is not None
    assert said.startswith("solver sklearn cannot take objective kullback_leibler; use")
    assert said.endswith(" or solver.method=mu")
    said = reason(solver={"name": "hals"}, objective=objective)
    assert said is not None
    assert said.endswith(" or solver=sklearn solver.method=mu")


def test_a_configured_start_is_asked_too() -> None:
    """What it takes and how many components it can give depend on its parameters."""
    registry = with_takes(missing=True)
    spec = replace(
        registry.get("init", "nndsvd"), takes=lambda _: Takes(), limit=lambda _: "none"
    )
    registry.initializations = {**registry.initializations, "nndsvd": spec}
    config: dict[str, Any] = {"init": {"name": "nndsvd"}, "registry": registry}
    assert reason(n_components=9, **config) is None
    said = reason(facts={"missing": "mask"}, **config)
    assert said is not None
    assert said.startswith("init nndsvd cannot take missing entries; use init=")
