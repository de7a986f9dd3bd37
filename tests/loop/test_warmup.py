"""The tiny problem that solvers are warmed up on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Objective, Problem, Step
from nmflab.loop.warmup import warm_up
from nmflab.verify import problem_arrays


def given(kind: str, dtype: type, indices: type = np.int32) -> Problem:
    """Return a read-only problem of one of the kinds there are."""
    X: Any = np.random.default_rng(1).random((20, 30)).astype(dtype)
    observed: Any = None
    if kind == "masked":
        observed = X > 0.3
    if kind.startswith("sparse"):
        X = csr_array(np.where(X > 0.5, X, 0))
        X.indices, X.indptr = X.indices.astype(indices), X.indptr.astype(indices)
    if kind == "sparse masked":
        observed = csr_array(X.astype(bool))
        observed.indices, observed.indptr = X.indices, X.indptr
    problem = Problem(
        X=X, observed=observed, objective=Objective(), dtype=np.dtype(dtype)
    )
    for array in problem_arrays(problem):
        array.setflags(write=False)
    return problem


def recorder() -> Any:
    """Return a new class of solvers that note what they are given."""

    @dataclass(frozen=True, kw_only=True)
    class Recorder:
        fast: bool = True
        alpha: float = 1.0
        seen: ClassVar[list[tuple[Problem, Factors]]] = []
        fetched: ClassVar[list[int]] = []

        def iterate(
            self, problem: Problem, init: Factors, rng: object
        ) -> Iterator[Any]:
            self.seen.append((problem, init))
            for step in range(9):

                def fetch(step: int = step) -> Factors:
                    self.fetched.append(step)
                    return init

                yield Step(fetch)

    return Recorder


@pytest.mark.parametrize("kind", ["dense", "masked", "sparse", "sparse masked"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_tiny_problem_is_alike_in_all_a_kernel_is_compiled_for(
    kind: str, dtype: type
) -> None:
    """Dtypes, storage, order, mask and read-only flags of every array."""
    problem, cls = given(kind, dtype), recorder()
    assert warm_up(cls(), problem, 3)
    tiny, init = cls.seen[0]
    assert tiny.shape < (10, 10)
    for small, real in zip(problem_arrays(tiny), problem_arrays(problem), strict=True):
        assert small.dtype == real.dtype
        assert small.ndim == real.ndim
        assert small.flags.c_contiguous
        assert not small.flags.writeable
    for factor in (init.W, init.H):
        assert factor.dtype == dtype
        assert not factor.flags.writeable


def test_wide_indices_stay_wide() -> None:
    """SciPy would pick the narrow type for a small matrix."""
    problem, cls = given("sparse", np.float64, np.int64), recorder()
    warm_up(cls(), problem, 3)
    X: Any = cls.seen[0][0].X
    assert X.indices.dtype == X.indptr.dtype == np.int64


def test_two_steps_are_done_and_their_factors_fetched() -> None:
    """A device is brought up by the fetching."""
    cls = recorder()
    warm_up(cls(), given("dense", np.float64), 3)
    assert cls.fetched == [0, 1]


def test_a_kind_is_warmed_up_once() -> None:
    """Another number is no other kind; another option, dtype or loss is."""
    cls, problem = recorder(), given("dense", np.float64)
    assert warm_up(cls(), problem, 3)
    assert not warm_up(cls(alpha=2.0), problem, 3)
    assert warm_up(cls(fast=False), problem, 3)
    assert warm_up(cls(), given("dense", np.float32), 3)
    other = replace(problem, objective=Objective(loss="kullback_leibler"))
    assert warm_up(cls(), other, 3)


def test_a_number_that_switches_something_off_makes_another_kind() -> None:
    """A weight of 0 often leaves a kernel out; of which factor it is matters too."""
    cls, problem = recorder(), given("dense", np.float64)
    assert warm_up(cls(alpha=0.0), problem, 3)
    assert warm_up(cls(alpha=2.0), problem, 3)
    for weights in ({"l1_W": 0.5}, {"l1_H": 0.5}, {"l2_row_offset": 1.0}):
        weighted = replace(problem, objective=Objective(**weights))
        assert warm_up(cls(), weighted, 3)
    assert not warm_up(cls(), replace(problem, objective=Objective(l1_W=0.7)), 3)


def test_what_a_solver_raises_or_warns_of_here_is_ignored() -> None:
    """The real problem will tell; warnings are errors in this test run."""
    import warnings

    class Failing:
        def iterate(self, *_: object) -> Iterator[Any]:
            warnings.warn("tiny", stacklevel=1)
            raise SystemExit(1)
            yield

    assert warm_up(Failing(), given("dense", np.float64), 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "n_components", "small"),
    [
        ((20, 30), 3, (7, 5)),  # 1,800 multiplications
        ((1000, 2000), 8, (512, 256)),
        ((2, 1_000_000), 4, (2, 131_072)),
        ((1_000_000, 2), 4, (131_072, 2)),
        ((1024, 1024), 1, (1024, 1024)),
    ],
)
def test_a_large_problem_is_warmed_up_on_a_million_multiplications(
    shape: tuple[int, int], n_components: int, small: tuple[int, int]
) -> None:
    """Kernels that choose by size are then chosen, and compiled, off the clock."""
    cls = recorder()
    X = np.broadcast_to(np.float64(1), shape)  # one number in memory
    problem = Problem(
        X=X, observed=None, objective=Objective(), dtype=np.dtype(np.float64)
    )
    warm_up(cls(), problem, n_components)
    [(given_problem, init)] = cls.seen
    assert given_problem.shape == small
    assert init.n_components == (n_components if small != (7, 5) else 2)
