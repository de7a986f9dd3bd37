"""Ranks, Friedman, Holm and Nemenyi: Demšar's worked example and other libraries."""

import itertools

import numpy as np
import pytest
from scipy import stats

from nmflab.statistics import critical_difference, friedman, holm, ranks
from nmflab.statistics.friedman import alike

# J. Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7,
# 2006, table 6: AUC of C4.5, with m, with cf, with both. On "voting" the paper ranks
# two values apart that it prints alike; a fourth decimal stands for what was rounded.
AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9752, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_average_ranks_are_demsars() -> None:
    """3.143, 2.000, 2.893 and 1.964."""
    average = ranks(AUC, higher=True).mean(axis=0)
    assert average == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)


def test_friedmans_test_is_demsars_before_its_correction_for_ties() -> None:
    """Without the correction chi2 is 9.28 and F 3.69, as printed."""
    n, k = AUC.shape
    counts = [np.unique(row, return_counts=True)[1] for row in AUC]
    tied = sum(float((c**3 - c).sum()) for c in counts)
    chi2 = friedman(AUC).chi2 * (1 - tied / (n * k * (k**2 - 1)))
    assert chi2 == pytest.approx(9.28, abs=5e-3)
    assert (n - 1) * chi2 / (n * (k - 1) - chi2) == pytest.approx(3.69, abs=5e-3)


def test_f_and_p_follow_from_friedmans_statistic() -> None:
    """Iman and Davenport's formula on SciPy's chi2, which knows of ties."""
    n, k = AUC.shape
    found = friedman(AUC)
    chi2 = stats.friedmanchisquare(*AUC.T).statistic
    F = (n - 1) * chi2 / (n * (k - 1) - chi2)
    assert pytest.approx(F) == found.F
    assert found.p == pytest.approx(stats.f.sf(F, 3, 39))


def test_iman_and_davenports_f_is_that_of_a_two_way_analysis_of_ranks() -> None:
    """Where no values tie, F is the ratio of variances of the ranks."""
    values = np.random.default_rng(0).normal(size=(9, 5))
    placed = ranks(values)
    n, k = placed.shape
    between = n * ((placed.mean(axis=0) - placed.mean()) ** 2).sum() / (k - 1)
    within = ((placed - placed.mean(axis=0)) ** 2).sum() / ((k - 1) * (n - 1))
    assert pytest.approx(between / within) == friedman(values).F


def test_data_sets_that_all_rank_alike_have_no_f_but_a_p() -> None:
    """The chance that N rankings of k agree is k!^(1−N)."""
    values = np.arange(4.0) + np.arange(6.0)[:, None]
    found = friedman(values)
    assert found.F is None
    assert found.p == pytest.approx(24.0**-5)


def test_equal_methods_have_p_one() -> None:
    """Constant data give no NaN."""
    found = friedman(np.ones((8, 3)))
    assert (found.chi2, found.F, found.p) == (0.0, 0.0, 1.0)


def test_two_methods_are_sent_to_wilcoxon() -> None:
    """The message says what to use."""
    with pytest.raises(ValueError, match="compare two methods by wilcoxon"):
        friedman(np.ones((8, 2)))


@pytest.mark.parametrize("seed", range(4))
def test_holms_correction_is_that_of_statsmodels(seed: int) -> None:
    """In the order given, ties among them."""
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.round(np.random.default_rng(seed).uniform(0, 0.2, size=7), 2)
    theirs = multitest.multipletests(p, method="holm")[1]
    assert holm(list(p)) == pytest.approx(list(theirs))


def test_holm_of_none_and_of_one() -> None:
    """One p-value stays as it is."""
    assert holm([]) == []
    assert holm([0.03]) == [0.03]


@pytest.mark.parametrize(
    ("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)]
)
def test_critical_values_are_demsars(k: int, q: float) -> None:
    """Table 5 (a) of the paper, at 0.05."""
    n = 11
    q_found = critical_difference(k, n) / np.sqrt(k * (k + 1) / (6 * n))
    assert q_found == pytest.approx(q, abs=1.1e-3)


def test_the_critical_difference_of_the_example_is_1_25() -> None:
    """2.569 sqrt(4·5 / (6·14)), and 1.12 at 0.1."""
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert critical_difference(4, 14, 0.1) == pytest.approx(1.12, abs=5e-3)


def test_methods_further_apart_than_cd_are_those_that_nemenyi_tells_apart() -> None:
    """scikit-posthocs has p below 0.05 for these pairs and no other."""
    posthocs = pytest.importorskip("scikit_posthocs")
    rng = np.random.default_rng(1)
    values = rng.normal(size=(12, 5)) + 0.8 * np.arange(5)
    average = ranks(values).mean(axis=0)
    p = np.asarray(posthocs.posthoc_nemenyi_friedman(values))
    cd = critical_difference(5, 12)
    apart = np.abs(average[:, None] - average) > cd
    assert apart.any()
    assert not apart.all()
    assert ((p < 0.05) == apart).all()


def test_bars_join_the_widest_stretches_within_cd() -> None:
    """None lies inside another, and a method that differs from all has none."""
    assert alike([1.0, 1.8, 2.4, 5.0], 1.5) == [(0, 2)]
    assert alike([1.0, 2.0, 3.0], 1.0) == [(0, 1), (1, 2)]
    assert alike([1.0, 3.0], 1.0) == []


@pytest.mark.parametrize("cd", [0.4, 1.1, 2.0])
def test_every_pair_within_cd_is_joined_by_a_bar_and_no_other(cd: float) -> None:
    """Bars say all that the test does."""
    placed = sorted(np.random.default_rng(2).uniform(1, 6, size=6))
    bars = alike(placed, cd)
    for i, j in itertools.combinations(range(6), 2):
        joined = any(first <= i and j <= last for first, last in bars)
        assert joined == (placed[j] - placed[i] <= cd)
