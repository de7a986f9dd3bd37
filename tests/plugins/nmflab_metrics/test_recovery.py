"""Nearness to true factors: exact recovery, known angles, random factors."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from nmflab_metrics.recovery import (
    AbundanceError,
    FactorMatchScore,
    MatchedCosine,
    SpectralAngle,
)

from nmflab.contracts import Factors, NotApplicable
from nmflab.numerics.separable import spa

METRICS = [MatchedCosine, SpectralAngle, AbundanceError, FactorMatchScore]
each_metric = pytest.mark.parametrize("metric", METRICS)


def truth_of(seed=0, shape=(20, 8), n_components=3) -> Factors:
    """Return true factors whose rows of W sum to 1."""
    rng = np.random.default_rng(seed)
    W = rng.dirichlet(np.ones(n_components), shape[0])
    return Factors(W, rng.gamma(0.7, size=(n_components, shape[1])))


def run_of(make_run, truth, W, H):
    """Return a run on the data that the true factors make."""
    return make_run(truth.reconstruct(), W, H, truth=truth)


def turned(truth, scale=(3.0, 0.2, 50.0), order=(2, 0, 1)):
    """Return the same model in another scale and order."""
    scale, order = np.array(scale), list(order)
    return (truth.W * scale)[:, order], (truth.H / scale[:, None])[order]


@each_metric
def test_the_true_factors_are_recovered_in_any_scale_and_order(make_run, metric):
    """Errors and angles are 0, agreements 1."""
    truth = truth_of()
    found = metric().compute(run_of(make_run, truth, *turned(truth)))
    best = 0.0 if metric in (SpectralAngle, AbundanceError) else 1.0
    values = found if isinstance(found, dict) else {"": found}
    for suffix, value in values.items():
        if "chance" not in suffix:
            assert value == pytest.approx(best, abs=1e-7), suffix


def test_angles_are_those_between_the_matched_rows(make_run):
    """30 and 60 degrees off two axes: π/4 in the mean, π/3 at worst."""
    truth = Factors(np.eye(3)[:, :2], np.eye(4)[:2])
    a, b = np.radians(30), np.radians(60)
    H = [[0, np.cos(b), 0, np.sin(b)], [np.cos(a), 0, np.sin(a), 0]]
    found = SpectralAngle(n_draws=0).compute(
        run_of(make_run, truth, np.ones((3, 2)), H)
    )
    assert found == {"": pytest.approx(np.pi / 4), "worst": pytest.approx(np.pi / 3)}
    cosine = MatchedCosine(n_draws=0).compute(
        run_of(make_run, truth, np.ones((3, 2)), H)
    )
    assert cosine == {"": pytest.approx((np.cos(a) + np.cos(b)) / 2)}


def test_small_angles_keep_their_digits(make_run):
    """An angle of 1e-9, of which the cosine is 1 to all digits."""
    truth = Factors(np.ones((2, 1)), np.array([[1.0, 0.0]]))
    run = run_of(make_run, truth, np.ones((2, 1)), [[1.0, 1e-9]])
    found = SpectralAngle(n_draws=0).compute(run)
    assert found[""] == pytest.approx(1e-9, rel=1e-6)


def test_a_true_component_that_is_not_found_counts_as_at_right_angles(make_run):
    """One of two found exactly: cosine 1/2, angle π/4, match score 1/2."""
    truth = Factors(np.eye(2), np.eye(2, 4))
    run = run_of(make_run, truth, np.eye(2)[:, :1], np.eye(1, 4))
    assert MatchedCosine(n_draws=0).compute(run)[""] == 0.5
    assert SpectralAngle(n_draws=0).compute(run)[""] == pytest.approx(np.pi / 4)
    assert FactorMatchScore().compute(run)[""] == 0.5


def test_components_too_many_cost_the_match_score_only(make_run):
    """All are found, and one that does not exist: cosine 1, match score 2/3."""
    truth = Factors(np.eye(2), np.eye(2, 4))
    run = run_of(make_run, truth, np.ones((2, 3)) * 0.1 + np.eye(2, 3), np.eye(3, 4))
    assert MatchedCosine(n_draws=0).compute(run)[""] == 1.0
    exact = run_of(make_run, truth, [[1, 0, 1], [0, 1, 1]], np.eye(3, 4))
    assert FactorMatchScore().compute(exact)[""] == pytest.approx(2 / 3)


def test_random_components_are_at_chance(make_run):
    """Adjusted agreement near 0 though the raw one is high."""
    truth = truth_of(shape=(20, 200))
    H = np.random.default_rng(1).random((3, 200))
    found = MatchedCosine().compute(run_of(make_run, truth, np.ones((20, 3)), H))
    assert found[""] > 0.4
    assert abs(found["adjusted"]) < 0.1
    angle = SpectralAngle().compute(run_of(make_run, truth, np.ones((20, 3)), H))
    assert angle["chance"] == pytest.approx(angle[""], abs=0.1)


def test_the_match_score_weighs_the_sizes_of_components(make_run):
    """A component twice as large as it should be has half the score."""
    truth = Factors(np.eye(2), np.eye(2, 4))
    run = run_of(make_run, truth, np.eye(2), np.eye(2, 4) * [[2.0], [1.0]])
    found = FactorMatchScore(n_draws=0).compute(run)
    assert found == {"": pytest.approx(0.75), "cosines": pytest.approx(1.0)}


def test_a_match_score_has_its_chance_beside_it(make_run):
    """Random factors are at chance, adjusted near 0; the true ones have 1."""
    truth = truth_of(shape=(30, 60))
    random = np.random.default_rng(4)
    W, H = random.random((30, 3)), random.random((3, 60))
    found = FactorMatchScore().compute(run_of(make_run, truth, W, H))
    assert found["cosines"] > 0.3
    assert abs(found["cosines_adjusted"]) < 0.1
    exact = FactorMatchScore().compute(run_of(make_run, truth, truth.W, truth.H))
    assert exact["adjusted"] == pytest.approx(1.0)


def test_abundances_are_estimated_from_the_matched_components(make_run):
    """W itself does not matter, H does: any W beside the true H gives 0."""
    truth = truth_of()
    W = np.random.default_rng(2).random((20, 3))
    run = run_of(make_run, truth, W, truth.H)
    assert AbundanceError().compute(run) == pytest.approx(0.0, abs=1e-6)


def test_the_abundance_error_is_in_shares_of_one(make_run):
    """One component for two pure samples of two materials: half the entries miss by 1.

    All samples are said to be of the one found.
    """
    truth = Factors(np.eye(2), np.eye(2, 3))
    run = run_of(make_run, truth, np.ones((2, 1)), [[1.0, 0.0, 0.0]])
    assert AbundanceError().compute(run) == pytest.approx(np.sqrt(0.5))


def test_weights_that_do_not_sum_to_one_are_no_abundances(make_run):
    """The message says what is asked of the truth."""
    truth = Factors(np.ones((4, 2)), np.eye(2, 5))
    with pytest.raises(NotApplicable, match="rows sum to 1"):
        AbundanceError().compute(run_of(make_run, truth, truth.W, truth.H))


@each_metric
def test_truth_of_another_shape_does_not_apply(make_run, metric):
    """The message has both numbers of features."""
    truth = truth_of()
    run = make_run(np.ones((20, 5)), np.ones((20, 2)), np.ones((2, 5)), truth=truth)
    with pytest.raises(NotApplicable, match=r"of 5 features.* have 8"):
        metric().compute(run)


@each_metric
def test_a_model_of_zeros_does_not_apply(make_run, metric):
    """There is nothing to match."""
    truth = truth_of()
    with pytest.raises(NotApplicable, match="component that is not 0"):
        metric().compute(run_of(make_run, truth, np.zeros((20, 2)), np.zeros((2, 8))))


@pytest.mark.parametrize("metric", [MatchedCosine, SpectralAngle])
def test_a_negative_number_of_shuffles_is_refused(metric):
    """The message names the field."""
    with pytest.raises(ValueError, match="n_draws must be at least 0, got -1"):
        metric(n_draws=-1)


@pytest.mark.data
def test_the_purest_pixels_of_samson_are_near_its_materials(make_run):
    """SPA on pixels that sum to 1: a mean angle of .092 to soil, tree and water."""
    folder = Path(os.environ.get("NMFLAB_DATA", "")) / "samson"
    if "NMFLAB_DATA" not in os.environ or not folder.exists():
        pytest.skip("NMFLAB_DATA holds no samson")
    from scipy.io import loadmat

    X = loadmat(folder / "samson_1.mat")["V"].T
    found = loadmat(folder / "end3.mat")
    truth = Factors(found["A"].T, found["M"].T)
    H = X[spa(X, 3)]
    run = make_run(X, np.ones((len(X), 3)), H, truth=truth)
    assert SpectralAngle().compute(run)[""] == pytest.approx(0.092, abs=0.001)
