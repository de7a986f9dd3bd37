"""Checks of what plugins return."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nmflab.contracts import TRACE_COLUMNS, Factors, Objective, Problem
from nmflab.verify import broken_descent, checksum, find_fault, n_active, problem_arrays

BOTH = frozenset({"W", "H"})


def fault(factors: Factors, nonnegative: frozenset[str] = BOTH) -> str | None:
    """Look at factors of a 3x4 problem with two components."""
    return find_fault(factors, (3, 2), (2, 4), nonnegative)


def sound() -> Factors:
    """Return factors without a fault, writable."""
    return Factors(np.ones((3, 2)), np.ones((2, 4)))


def problem(X: np.ndarray) -> Problem:
    """Return a complete problem."""
    return Problem(X=X, observed=None, objective=Objective(), dtype=X.dtype)


def test_sound_factors_have_no_fault() -> None:
    """Zeros, also negative ones, are allowed."""
    factors = sound()
    factors.W[0], factors.H[0, 0] = 0.0, -0.0
    assert fault(factors) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.nan, "a NaN in H (at [1, 2])"),
        (np.inf, "an infinity in H (at [1, 2])"),
        (-np.inf, "an infinity in H (at [1, 2])"),
        (-2.0, "-2 in H (at [1, 2]), promised to be >= 0,"),
    ],
)
def test_the_first_bad_entry_is_named(value: float, says: str) -> None:
    """With its factor and its place."""
    factors = sound()
    factors.H[1, 2] = value
    assert fault(factors) == says


def test_a_factor_that_may_be_signed_must_still_be_finite() -> None:
    """A negative entry passes, a NaN beside it does not."""
    factors = sound()
    factors.W[0, 0] = -1.0
    assert fault(factors, frozenset({"H"})) is None
    factors.W[1, 1] = np.nan
    assert fault(factors, frozenset({"H"})) == "a NaN in W (at [1, 1])"


def test_integer_and_complex_factors_are_refused() -> None:
    """A factor is floating-point."""
    assert "int" in (fault(Factors(np.ones((3, 2), int), np.ones((2, 4)))) or "")
    assert "complex" in (
        fault(Factors(np.ones((3, 2)), np.ones((2, 4), complex))) or ""
    )


def test_offsets_are_looked_at_too() -> None:
    """Their length and that they are finite."""
    W, H = sound().W, sound().H
    assert fault(Factors(W, H, np.zeros(3), -np.ones(4))) is None
    assert fault(Factors(W, H, np.zeros(4))) == (
        "a row_offset of shape (4,) instead of (3,)"
    )
    assert fault(Factors(W, H, None, np.array([0, 1, np.nan, 0]))) == (
        "a column_offset that is not finite"
    )


@pytest.mark.parametrize(
    "change", [lambda X: X.__imul__(-1), lambda X: X.__imul__(2), np.ndarray.sort]
)
def test_a_checksum_sees_changes_that_a_sum_would_not(change: object) -> None:
    """A sign, a power of two, an order: each cancels in sums of machine words."""
    X = np.random.default_rng(0).random((64, 128))
    before = checksum(problem(X))
    change(X)  # type: ignore[operator]
    assert checksum(problem(X)) != before


def test_a_checksum_covers_values_and_pattern_of_a_sparse_problem() -> None:
    """Both are the data."""
    from scipy.sparse import csr_array

    X = csr_array(np.eye(4))
    before = checksum(problem(X))  # type: ignore[arg-type]
    X.indices[0] = 3
    changed = checksum(problem(X))  # type: ignore[arg-type]
    X.data[1] = 7
    assert len({before, changed, checksum(problem(X))}) == 3  # type: ignore[arg-type]


def test_a_file_mapped_for_reading_is_not_read_for_the_checksum(tmp_path: Path) -> None:
    """It cannot be made writable, so it need not be looked at."""
    np.save(tmp_path / "X.npy", np.ones((3, 2)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r").view(np.ndarray)
    assert checksum(problem(X)) == 0
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        X.flags.writeable = True


def test_arrays_shared_by_x_and_mask_are_listed_once() -> None:
    """A masked CSR shares its index arrays with its mask."""
    from scipy.sparse import csr_array

    X = csr_array(np.eye(3))
    observed = csr_array((np.ones(3, bool), X.indices, X.indptr), shape=(3, 3))
    observed.indices, observed.indptr = X.indices, X.indptr
    both = Problem(X=X, observed=observed, objective=Objective(), dtype=X.dtype)
    assert len(problem_arrays(both)) == 4


def test_a_component_is_active_where_both_its_factors_are_nonzero() -> None:
    """Component 0 lacks W, component 1 lacks H."""
    W = np.array([[0.0, 1.0, 1.0], [0.0, 2.0, 0.0]])
    H = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 3.0]])
    assert n_active(Factors(W, H)) == 1


def trace_of(*objectives: float) -> npt.NDArray[np.float64]:
    """Return a trace of one start, evaluated at steps 0, 1, 2, ..."""
    trace = np.zeros((len(objectives), len(TRACE_COLUMNS)))
    trace[:, TRACE_COLUMNS.index("step")] = np.arange(len(objectives))
    trace[:, TRACE_COLUMNS.index("objective")] = objectives
    return trace


def test_a_rise_breaks_a_promised_descent_and_is_told() -> None:
    """Both steps and both values stand in the sentence."""
    broken = broken_descent(trace_of(9.0, 4.0, 2.0, 3.0, 1.0), np.dtype(np.float64))
    assert broken is not None
    assert "rose from 2 at step 2 to 3 at step 3" in broken


@pytest.mark.parametrize(
    "objectives", [(9.0, 4.0, 2.0), (1.0, 4.0, 2.0), (9.0, 1.0, 1.0 + 1e-12)]
)
def test_a_descent_is_kept_up_to_rounding_and_the_first_step(
    objectives: tuple[float, ...],
) -> None:
    """A start with zeros is lifted first; the last bits may go either way."""
    assert broken_descent(trace_of(*objectives), np.dtype(np.float64)) is None


def test_a_new_start_is_no_rise() -> None:
    """Restarts stand one after another in a trace."""
    trace = np.vstack([trace_of(9.0, 4.0, 1.0), trace_of(9.0, 4.0, 2.0)])
    trace[3:, TRACE_COLUMNS.index("start")] = 1
    assert broken_descent(trace, np.dtype(np.float64)) is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_components_of_unit_length_are_measured(dtype: type) -> None:
    """Columns of W or rows of H, within 1e-6 or 1e-4 by the dtype; zeros may stay."""
    within = 1e-6 if dtype == np.float64 else 1e-4
    W = np.zeros((3, 2), dtype)
    W[0, 0] = 1 + within / 2
    H = np.zeros((2, 4), dtype)
    H[1, 2] = 1 + within / 2
    factors = Factors(W, H)
    for unit in ("none", "W", "H"):
        assert find_fault(factors, (3, 2), (2, 4), BOTH, unit) is None
    W[0, 0] = H[1, 2] = 1 + 4 * within
    said = find_fault(factors, (3, 2), (2, 4), BOTH, "W")
    assert said is not None
    assert said.startswith("a column 0 of W of length 1.0")
    assert said.endswith("not 1 (objective.unit=W),")
    said = find_fault(factors, (3, 2), (2, 4), BOTH, "H")
    assert said is not None
    assert said.startswith("a row 1 of H of length 1.0")
