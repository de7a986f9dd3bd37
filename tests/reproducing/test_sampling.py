"""Which runs stand for the whole."""

from __future__ import annotations

from itertools import product

import pytest

from nmflab.reproducing.recorded_runs import RecordedRun
from nmflab.reproducing.sampling import sampled, uncovered

DATASETS = ("a", "b", "c")
SOLVERS = tuple(f"s{n}" for n in range(7))
SIZES = (2, 4, 8)


def run(dataset: str, solver: str, size: int, seed: int, case: str = "") -> RecordedRun:
    """Return a recorded run."""
    named = {"name": "any"}
    axes = {
        "dataset": {"name": dataset},
        **dict.fromkeys(("weighting", "split", "objective", "init"), named),
        "solver": {"name": solver},
        "n_components": size,
        "seed": seed,
        "dtype": "float64",
    }
    name = f"{dataset} {solver} {size} {seed}"
    return RecordedRun("", name, dataset, solver, axes, {}, case, "ok", None)


EVERY = [run(*which) for which in product(DATASETS, SOLVERS, SIZES, range(5))]


@pytest.mark.parametrize("seed", range(5))
def test_as_few_runs_as_there_are_solvers_cover_every_axis(seed: int) -> None:
    """7 of 315, and no data set, solver or size is left out."""
    chosen = sampled(EVERY, len(SOLVERS), seed)
    assert len(chosen) == len(SOLVERS)
    assert uncovered(EVERY, chosen) == []
    assert {one.axes["n_components"] for one in chosen} == set(SIZES)


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_of_their_product_covers_each_solver_on_each_data_set(
    seed: int,
) -> None:
    """21 pairs, 21 runs."""
    chosen = sampled(EVERY, len(SOLVERS) * len(DATASETS), seed)
    pairs = {(one.dataset, one.solver) for one in chosen}
    assert pairs == set(product(DATASETS, SOLVERS))


def test_a_rare_solver_is_never_left_out() -> None:
    """One run of 316."""
    rare = run("a", "rare", 2, 0)
    for seed in range(10):
        assert rare in sampled([*EVERY, rare], 8, seed)


def test_what_a_sample_is_too_small_for_is_named() -> None:
    """5 runs cannot cover 7 solvers."""
    chosen = sampled(EVERY, 5)
    left = uncovered(EVERY, chosen)
    assert len(left) == 2
    assert {axis for axis, _ in left} == {"solver"}


def test_cases_are_covered_in_place_of_solvers() -> None:
    """Two cases may have the same solver."""
    runs = [run("a", "same", 2, seed, case) for case in "xyz" for seed in range(9)]
    assert {one.case for one in sampled(runs, 3)} == set("xyz")


def test_one_seed_gives_one_sample_and_another_seed_another() -> None:
    """In the order of the study."""
    chosen = sampled(EVERY, 30, 4)
    assert chosen == sampled(EVERY, 30, 4)
    assert chosen != sampled(EVERY, 30, 5)
    assert [EVERY.index(one) for one in chosen] == sorted(map(EVERY.index, chosen))


def test_a_sample_larger_than_the_study_is_the_study() -> None:
    """Each run once."""
    assert sampled(EVERY, 10_000) == EVERY
    assert len({one.name for one in sampled(EVERY, 200)}) == 200
