"""The census of optima: known copies, known optima, and what does not count."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import Factors
from nmflab.numerics import census, equal_errors

THOMAS = np.array([[1.0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]])


def factors(seed: int, r: int = 3) -> Factors:
    """Return random factors of 12 samples and 9 features."""
    rng = np.random.default_rng(seed)
    return Factors(rng.random((12, r)), rng.random((r, 9)))


def copied(given: Factors, seed: int) -> Factors:
    """Return the same model in another scale and order."""
    rng = np.random.default_rng(seed)
    r = given.n_components
    D, order = 10.0 ** rng.uniform(-8, 8, r), rng.permutation(r)
    return Factors((given.W * D)[:, order], (given.H / D[:, None])[order])


def descended(seed: int, steps: int = 1500) -> tuple[Factors, float]:
    """Return a rank-3 fit of Thomas's matrix by HALS, and its objective."""
    rng = np.random.default_rng(seed)
    W, H = rng.random((4, 3)), rng.random((3, 4))
    for _ in range(steps):
        for A, B, X in ((W, H, THOMAS), (H.T, W.T, THOMAS.T)):
            G, C = B @ B.T, X @ B.T
            for k in range(3):
                step = (C[:, k] - A @ G[:, k]) / max(G[k, k], 1e-12)
                A[:, k] = np.maximum(A[:, k] + step, 0)
    return Factors(W, H), 0.5 * float(((THOMAS - W @ H) ** 2).sum())


@given(seed=st.integers(0, 10**6), n=st.integers(2, 6))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_copies_in_other_scales_and_orders_are_one_optimum(seed, n):
    """Scale and order of components carry no meaning."""
    first = factors(seed)
    runs = [copied(first, seed + at) for at in range(n)]
    found = census(runs, [2.0 * (1 + 1e-9 * at) for at in range(n)], [True] * n)
    assert found.groups == (tuple(range(n)),)
    assert found.representatives == (0,)


@given(order=st.permutations(range(7)))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_order_of_the_runs_does_not_matter(order):
    """Three optima of 4, 2 and 1 runs, handed over in any order."""
    kinds = [0, 0, 0, 0, 1, 1, 2]
    runs = [copied(factors(kind), at) for at, kind in enumerate(kinds)]
    found = census(
        [runs[at] for at in order], [1.0 + kinds[at] for at in order], [True] * 7
    )
    got = [{order[at] for at in group} for group in found.groups]
    assert got == [{0, 1, 2, 3}, {4, 5}, {6}]


def images(given: Factors) -> list[Factors]:
    """Return what the symmetries of Thomas's matrix make of a factorization of it."""
    orders = [list(order) for order in permutations(range(4))]
    return [
        Factors(one.W[rows], one.H[:, columns])
        for one in (given, Factors(given.H.T, given.W.T))
        for rows in orders
        for columns in orders
        if (THOMAS[np.ix_(rows, columns)] == THOMAS).all()
    ]


def test_the_eight_optima_of_thomas_matrix_are_counted():
    """Rank 3 where the nonnegative rank is 4: symmetries make eight equal optima.

    The relative error of each is .2706; every start ends at one of the eight.
    """
    fits = [descended(seed) for seed in range(6)]
    lowest = min(value for _, value in fits)
    relative = np.sqrt(2 * lowest) / np.linalg.norm(THOMAS)
    assert relative == pytest.approx(0.2706, abs=1e-4)
    at_lowest = [run for run, value in fits if value < lowest * (1 + 1e-7)]
    assert len(at_lowest) >= 4
    runs = [*images(at_lowest[0]), *at_lowest]
    found = census(runs, [lowest] * len(runs), [True] * len(runs))
    assert len(found.groups) == 8
    eight = [runs[at] for at in found.representatives]
    assert len(equal_errors(eight, [lowest] * 8)) == 28


def test_runs_that_did_not_converge_are_not_counted():
    """They are named apart, and said in the sentence."""
    runs = [factors(0), copied(factors(0), 1), factors(1), factors(2)]
    found = census(runs, [1.0, 1.0, 3.0, 1.0], [True, True, True, False])
    assert found.groups == ((0, 1), (2,))
    assert found.not_converged == (3,)
    assert found.sentence == "4 seeds, 2 optima: 2, 1; 1 not converged"


def test_the_sentence_says_where_the_lowest_objective_is_not_the_most_frequent():
    """Two runs end at 5, one at 1."""
    runs = [factors(0), factors(0), factors(1)]
    found = census(runs, [5.0, 5.0, 1.0], [True] * 3)
    assert found.sentence == (
        "3 seeds, 2 optima: 2, 1 (the lowest objective is that of 1)"
    )


def test_no_optimum_of_equal_objective_is_called_lower():
    """The smaller group is lower by rounding only, or both fit exactly."""
    runs = [factors(0), factors(0), factors(1)]
    for objectives, exact in (([5.0, 5.0, 5.0 - 1e-9], 0.0), ([1e-12, 1e-12, 0], 1e-9)):
        found = census(runs, objectives, [True] * 3, exact=exact)
        assert found.sentence == "3 seeds, 2 optima: 2, 1"


def test_a_run_without_an_objective_did_not_converge():
    """It cannot be compared, whatever its kappa."""
    found = census([factors(0)] * 2, [float("nan"), 1.0], [True, True])
    assert (found.groups, found.not_converged) == (((1,),), (0,))


def test_nothing_converged_is_said():
    """No optimum can be counted where no run reached one."""
    assert census([factors(0)], [1.0], [False]).sentence == (
        "1 seed, no optimum can be counted; 1 not converged"
    )


@pytest.mark.parametrize(
    ("objective", "n"), [(1 + 9e-7, 1), (1 + 2e-6, 2)], ids=["within", "beyond"]
)
def test_objectives_agree_to_a_millionth(objective, n):
    """The same factors with another objective are not called the same optimum."""
    runs = [factors(0), factors(0)]
    assert len(census(runs, [1.0, objective], [True, True]).groups) == n


@pytest.mark.parametrize(
    ("angle", "n"), [(0.04, 1), (0.05, 2)], ids=["cosine .9992", "cosine .9988"]
)
def test_one_component_that_differs_makes_another_optimum(angle, n):
    """Two of three components are the same; the third is turned a little."""
    H = np.eye(3, 5)
    turned = H.copy()
    turned[2] = [0, 0, np.cos(angle), np.sin(angle), 0]
    runs = [Factors(np.eye(4, 3), H), Factors(np.eye(4, 3), turned)]
    assert len(census(runs, [1.0, 1.0], [True, True]).groups) == n


def test_a_chain_of_equals_is_one_optimum():
    """The ends differ, each next to a middle that is like both."""
    runs = []
    for angle in (0.0, 0.04, 0.08):
        H = np.array([[np.cos(angle), np.sin(angle)]])
        runs.append(Factors(np.ones((3, 1)), H))
    assert census(runs, [1.0] * 3, [True] * 3).sizes == (3,)
    assert census(runs[::2], [1.0] * 2, [True] * 2).sizes == (1, 1)


def test_exact_fits_agree_whatever_rounding_leaves():
    """1e-30 and 3e-28 of an objective that began at 1 are both 0."""
    runs, objectives = [factors(0), factors(0)], [1e-30, 3e-28]
    assert census(runs, objectives, [True] * 2).sizes == (1, 1)
    assert census(runs, objectives, [True] * 2, exact=1e-9).sizes == (2,)


def test_dead_components_are_not_compared():
    """A component that is 0 in both runs makes no difference, in one it does."""
    alive = factors(0)
    W, H = np.insert(alive.W, 1, 0, axis=1), np.insert(alive.H, 1, 0.3, axis=0)
    dead = Factors(W, H)
    assert census([dead, dead, alive], [1.0] * 3, [True] * 3).sizes == (3,)
    assert census([factors(0, 4), alive], [1.0] * 2, [True] * 2).sizes == (1, 1)


def test_lists_of_different_length_are_refused():
    """The message says how many there are of each."""
    with pytest.raises(ValueError, match="1 runs, 2 objectives and 1 entries"):
        census([factors(0)], [1.0, 2.0], [True])


def test_equal_errors_with_different_factors_are_found():
    """Rank 2, exact, with a free rotation: two factorizations of one matrix.

    ``W T`` and ``T^-1 H`` fit alike and share no component; a copy is no finding, nor
    is another error.
    """
    W, H = np.array([[3.0, 1], [2, 2], [1, 3]]), np.array([[3.0, 2, 1], [1, 2, 3]])
    T = np.array([[1.0, -0.3], [-0.3, 1.0]])
    turned = Factors(W @ T, np.linalg.inv(T) @ H)
    np.testing.assert_allclose(turned.reconstruct(), W @ H)
    first = Factors(W, H)
    runs = [first, turned, copied(first, 3), factors(1)]
    runs[3] = Factors(runs[3].W[:3], runs[3].H[:, :3])
    found = equal_errors(runs, [1.0, 1.0002, 1.0, 1.5])
    assert [(one.first, one.second) for one in found] == [(0, 1), (1, 2)]
    assert found[0].difference == pytest.approx(0.0002 / 1.0002)
    assert found[0].match_score < 0.95


def test_an_error_that_is_not_finite_equals_no_other():
    """Runs without an objective are left out; exact fits differ by nothing."""
    runs = [factors(0), factors(1)]
    assert equal_errors(runs, [float("nan"), 1.0]) == []
    assert equal_errors(runs, [1e-20, 1e-25]) == []
    (one,) = equal_errors(runs, [1e-20, 1e-25], exact=1e-9)
    assert one.difference == 0.0
