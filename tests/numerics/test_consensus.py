"""Consensus matrices and what is read off them."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.contracts import Factors
from nmflab.numerics.consensus import (
    UNLABELLED,
    argmax_labels,
    consensus_matrix,
    consensus_order,
    cophenetic_correlation,
    dispersion,
)


def test_the_consensus_is_the_share_of_runs_that_put_two_samples_together() -> None:
    """Worked by hand: three samples, two runs that disagree on the third."""
    C = consensus_matrix([[0, 0, 1], [1, 1, 1]])
    np.testing.assert_array_equal(C, [[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]])


def test_a_consensus_does_not_depend_on_the_names_of_clusters() -> None:
    """Labels are permuted in every run anew; pairs stay together."""
    rng = np.random.default_rng(0)
    runs = rng.integers(0, 4, size=(6, 30))
    renamed = [rng.permutation(4)[run] for run in runs]
    np.testing.assert_array_equal(consensus_matrix(runs), consensus_matrix(renamed))


def test_samples_without_a_label_are_together_with_themselves_alone() -> None:
    """Two rows of 0 do not form a cluster."""
    C = consensus_matrix([[UNLABELLED, UNLABELLED, 0]])
    np.testing.assert_array_equal(C, np.eye(3))


def test_runs_of_different_lengths_are_refused() -> None:
    """The shapes are named."""
    with pytest.raises(ValueError, match=r"shapes \[\(2,\), \(3,\)\]"):
        consensus_matrix([[0, 1], [0, 1, 1]])


def test_labels_do_not_depend_on_the_scale_or_order_of_components() -> None:
    """A larger row of H is not a larger share of a sample: only W H is."""
    rng = np.random.default_rng(1)
    W, H = rng.random((20, 3)), rng.random((3, 8))
    D, order = np.array([5.0, 0.01, 2.0]), [2, 0, 1]
    plain = argmax_labels(Factors(W, H))
    moved = argmax_labels(Factors((W * D)[:, order], (H / D[:, None])[order]))
    np.testing.assert_array_equal(plain, moved)


def test_a_sample_of_zeros_has_no_label() -> None:
    """An argmax over zeros would count it to the first component."""
    labels = argmax_labels(Factors(np.array([[0.0, 0.0], [0.0, 1.0]]), np.eye(2)))
    np.testing.assert_array_equal(labels, [UNLABELLED, 0])  # the largest comes first


def test_runs_that_agree_have_cophenetic_correlation_and_dispersion_one() -> None:
    """A consensus of 0 and 1 alone is a hierarchy of height 1."""
    C = consensus_matrix([[0, 0, 1, 1, 2]] * 4)
    assert cophenetic_correlation(C) == pytest.approx(1.0)
    assert dispersion(C) == 1.0


def test_the_cophenetic_correlation_of_three_samples_is_worked_by_hand() -> None:
    """Distances .1 .5 .7 are joined at .1 .6 .6: correlation 5.5 / sqrt(31.25)..."""
    C = np.array([[1.0, 0.9, 0.5], [0.9, 1.0, 0.3], [0.5, 0.3, 1.0]])
    expected = np.corrcoef([0.1, 0.5, 0.7], [0.1, 0.6, 0.6])[0, 1]
    assert cophenetic_correlation(C) == pytest.approx(expected, abs=1e-12)


def test_a_consensus_without_contrast_has_no_cophenetic_correlation() -> None:
    """One component: every pair is together, and nothing can be correlated."""
    assert np.isnan(cophenetic_correlation(consensus_matrix([[0, 0, 0]])))
    assert np.isnan(cophenetic_correlation(np.ones((1, 1))))


def test_dispersion_of_undecided_pairs_counts_the_diagonal_alone() -> None:
    """Every pair together in half of the runs: n of n^2 entries are decided."""
    C = np.full((4, 4), 0.5)
    np.fill_diagonal(C, 1.0)
    assert dispersion(C) == pytest.approx(4 / 16)


def test_the_order_of_a_consensus_keeps_clusters_together() -> None:
    """Interleaved clusters are drawn as blocks."""
    labels = np.array([0, 1, 0, 1, 0, 1])
    ordered = labels[consensus_order(consensus_matrix([labels]))]
    assert np.count_nonzero(np.diff(ordered)) == 1
