"""The contract tests find what they are there to find."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import (
    Dataset,
    DatasetSpec,
    Factors,
    FittedRun,
    InitSpec,
    MetricSpec,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.testing import (
    test_datasets,
    test_inits,
    test_invariance,
    test_metrics,
    test_solvers,
)
from nmflab.testing.installed import Configured

RNG = np.random.default_rng(5)  # shared between calls, as a faulty plugin's state is


def descent(X: Any, W: Any, H: Any) -> tuple[Any, Any]:
    """Return the factors after one multiplicative update, sound but for zeros."""
    tiny = np.finfo(W.dtype).tiny
    H = H * (W.T @ X) / np.maximum(W.T @ W @ H, tiny)
    W = W * (X @ H.T) / np.maximum(W @ (H @ H.T), tiny)
    return W, H


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """Multiplicative updates with one fault, or none."""

    fault: str = ""

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Iterator[Factors | Step]:
        """Yield the factors after each step."""
        X: Any = problem.X
        W, H = init.W, init.H
        if self.fault == "writes":
            W.flags.writeable = True
        while True:
            W, H = descent(X, W, H)
            yield Factors(*self._spoilt(W, H, init, rng))

    def _spoilt(self, W: Any, H: Any, init: Factors, rng: np.random.Generator) -> Any:
        if self.fault == "writes":
            init.W[0, 0] += 1
        if self.fault == "units":
            return W + 1e-9, H
        if self.fault == "order":
            return W * (1 + 1e-3 * np.arange(len(W)))[:, None], H
        if not self.fault:
            return W, H
        noise = {"state": RNG, "rng": rng}.get(self.fault)
        changed = {
            "negative": (-W, -H),
            "nan": (W * np.nan, H),
            "shape": (W[:, :-1], H[:-1]),
            "dtype": (W.astype(np.float16), H),
            "rises": (W * (1 + RNG.random()), H),
            "stays": (init.W, init.H),
            "worse": (W * 9, H),
        }
        if noise is not None:
            return W * noise.random(), H
        return changed.get(self.fault, (W, H))


def solver(fault: str) -> Configured[SolverSpec]:
    """Return a solver with one fault and every promise."""
    spec = SolverSpec(
        name="faulty",
        solver=Faulty,
        takes=Takes(sparse=False, missing=True),
        promises=Promises(monotone=True, random=False),
    )
    return Configured(spec, Faulty(fault=fault))


@pytest.mark.parametrize(
    ("check", "faults"),
    [
        (test_solvers.test_iterates_are_feasible, "negative nan shape dtype"),
        (test_solvers.test_inputs_stay_as_given, "writes"),
        (test_solvers.test_one_seed_gives_one_result, "state rng"),
        (test_solvers.test_objective_never_rises, "rises"),
        (test_solvers.test_the_best_iterate_is_no_worse_than_the_start, "worse"),
    ],
)
def test_a_faulty_solver_is_found(check: Callable[..., None], faults: str) -> None:
    """Each check passes a sound solver and fails on each fault of its kind."""
    check(solver=solver(""), structure="plain")
    for fault in faults.split():
        with pytest.raises(AssertionError):
            check(solver=solver(fault), structure="plain")


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("other_units_of_x_change_the_model_as_they_change_x", "units"),
        ("the_order_of_rows_and_columns_does_not_matter", "order"),
    ],
)
def test_a_solver_that_knows_units_or_order_is_found(check: str, fault: str) -> None:
    """An absolute number added, or a weight by position, shows in the model."""
    run = getattr(test_invariance, f"test_{check}")
    run(solver(""), "frobenius")
    with pytest.raises(AssertionError):
        run(solver(fault), "frobenius")


def test_a_solver_that_leaves_a_solution_is_found() -> None:
    """Started at an exact factorization, a solver has to stay."""
    test_solvers.test_an_exact_factorization_is_kept(solver(""), "float64")
    with pytest.raises(AssertionError):
        test_solvers.test_an_exact_factorization_is_kept(solver("rises"), "float64")


def test_a_solver_that_solves_nothing_is_found() -> None:
    """Yielding the start for ever is feasible, monotone and useless."""
    test_solvers.test_a_small_exact_problem_is_nearly_solved(solver(""))
    with pytest.raises(AssertionError):
        test_solvers.test_a_small_exact_problem_is_nearly_solved(solver("stays"))


def test_a_solver_that_fits_unobserved_cells_is_found() -> None:
    """Taking a hidden cell's 0 for a value shows in the prediction."""
    with pytest.raises(AssertionError):
        test_solvers.test_unobserved_cells_are_not_fitted(solver(""))


def test_a_solver_that_makes_a_sparse_matrix_dense_is_found() -> None:
    """Memory tells."""

    class Densifies(Faulty):
        def iterate(
            self, problem: Problem, init: Factors, rng: np.random.Generator
        ) -> Iterator[Factors | Step]:
            X: Any = problem.X
            given = dataclasses.replace(problem, X=X.toarray())
            yield from super().iterate(given, init, rng)

    sparse = SolverSpec(name="faulty", solver=Densifies)
    with pytest.raises(AssertionError):
        test_solvers.test_a_sparse_matrix_is_not_made_dense(
            Configured(sparse, Densifies())
        )


@dataclass(frozen=True, kw_only=True)
class FaultyStart:
    """A random start with one fault, or none."""

    fault: str = ""

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return W and H."""
        rng = RNG if self.fault == "state" else rng
        W = rng.random((problem.shape[0], n_components)).astype(problem.dtype)
        H = rng.random((n_components, problem.shape[1])).astype(problem.dtype)
        changed = {
            "negative": Factors(-W, H),
            "nan": Factors(W, H / 0 if self.fault == "nan" else H),
            "dtype": Factors(W.astype(np.float16), H),
            "shape": Factors(W.T, H.T),
        }
        return changed.get(self.fault, Factors(W, H))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("check", "faults"),
    [
        (test_inits.test_a_start_is_feasible, "negative nan dtype shape"),
        (test_inits.test_one_seed_gives_one_start, "state"),
    ],
)
def test_a_faulty_start_is_found(check: Callable[..., None], faults: str) -> None:
    """Each check passes a sound start and fails on each fault of its kind."""
    spec = InitSpec(name="faulty", initialization=FaultyStart)
    check(init=Configured(spec, FaultyStart()), structure="plain")
    for fault in faults.split():
        init = Configured(spec, FaultyStart(fault=fault))
        with pytest.raises(AssertionError):
            check(init=init, structure="plain")


@pytest.mark.parametrize("random", [True, False])
def test_a_start_that_is_not_as_random_as_it_says_is_found(random: bool) -> None:
    """The spec's `random` is checked in both directions."""
    spec = InitSpec(name="faulty", initialization=FaultyStart, random=random)
    init = Configured(spec, FaultyStart())
    if random:
        test_inits.test_randomness_is_as_declared(init)
    else:
        with pytest.raises(AssertionError):
            test_inits.test_randomness_is_as_declared(init)


@dataclass(frozen=True, kw_only=True)
class FaultyMetric:
    """The mass of H after rows are scaled to 1, with one fault, or none."""

    fault: str = ""

    def compute(self, run: FittedRun) -> float:
        """Return the number of components that are not empty, at most 3."""
        if self.fault == "scale":
            return float(run.factors.H.max())
        if self.fault == "order":
            return float(run.factors.H[0].argmax())
        if self.fault == "writes":
            run.factors.W.flags.writeable = True
            run.factors.W[0, 0] += 1
        if self.fault == "raises" and not run.factors.H.any():
            raise ZeroDivisionError
        values = {"nan": np.nan, "range": 4.0}
        return values.get(self.fault, float(run.factors.H.any(axis=1).sum()))


@pytest.mark.parametrize(
    ("check", "faults", "error"),
    [
        ("values_are_finite_and_in_range", "nan range", AssertionError),
        ("components_have_no_order_and_no_scale", "scale order", AssertionError),
        ("a_metric_changes_nothing", "writes", AssertionError),
    ],
)
def test_a_faulty_metric_is_found(
    check: str, faults: str, error: type[Exception]
) -> None:
    """Each check passes a sound metric and fails on each fault of its kind."""
    spec = MetricSpec(name="faulty", metric=FaultyMetric, range=(0, 3))
    run = getattr(test_metrics, f"test_{check}")
    run(Configured(spec, FaultyMetric()), "dense")
    for fault in faults.split():
        with pytest.raises(error):
            run(Configured(spec, FaultyMetric(fault=fault)), "dense")


def test_a_metric_that_raises_anything_else_is_found() -> None:
    """Only ValueError says "no value here"."""
    spec = MetricSpec(name="faulty", metric=FaultyMetric, range=(0, 3))
    check = test_metrics.test_a_metric_without_an_answer_raises_a_value_error
    check(Configured(spec, FaultyMetric()), "dense", "both")
    with pytest.raises(ZeroDivisionError):
        check(Configured(spec, FaultyMetric(fault="raises")), "dense", "both")


@dataclass(frozen=True, kw_only=True)
class FaultyDataset:
    """Random numbers with one fault, or none."""

    fault: str = ""

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return a 3 x 2 matrix."""
        X = (RNG if self.fault == "state" else rng).random((3, 2))
        if self.fault == "nan":
            X[0, 0] = np.nan
        if self.fault == "network":
            import socket

            socket.create_connection(("localhost", 9))
        names: Any = [1, 2, 3] if self.fault == "names" else None
        extras: Any = {"licence": 3} if self.fault == "extras" else {}
        truth = Factors(X[:2], X[:2].T) if self.fault == "truth" else None
        return Dataset(X=X, row_names=names, extras=extras, truth=truth)


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("one_seed_gives_the_same_data", "state"),
        ("the_observed_cells_are_finite", "nan"),
        ("names_are_text", "names"),
        ("extras_of_the_vocabulary_have_its_types", "extras"),
        ("the_truth_has_the_shape_of_the_data", "truth"),
    ],
)
def test_a_faulty_dataset_is_found(check: str, fault: str) -> None:
    """Each check passes sound data and fails on its fault."""
    spec = DatasetSpec(name="faulty", dataset=FaultyDataset)
    run = getattr(test_datasets, f"test_{check}")
    run(Configured(spec, FaultyDataset()))
    with pytest.raises(AssertionError):
        run(Configured(spec, FaultyDataset(fault=fault)))


def test_a_dataset_that_needs_a_network_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An example that opens a connection fails, with or without a network."""
    spec = DatasetSpec(name="faulty", dataset=FaultyDataset)
    dataset = Configured(spec, FaultyDataset(fault="network"))
    with pytest.raises(AssertionError, match="opened a connection"):
        test_datasets.test_it_loads_without_a_network(dataset, monkeypatch)
