"""Methods over data sets, from a DataFrame of runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nmflab.statistics import Comparison, compare, hodges_lehmann, wilcoxon
from nmflab.statistics.intervals import TOO_FEW
from nmflab.statistics.pairs import EQUAL, NO_SEED, WITHIN


def runs(
    effects: Mapping[str, float],
    n_datasets: int = 8,
    n_seeds: int = 5,
    noise: float = 0.01,
) -> pd.DataFrame:
    """Return runs whose values are a data set's level times a method's effect."""
    rng = np.random.default_rng(0)
    rows = []
    for d in range(n_datasets):
        for seed in range(n_seeds):
            start = rng.normal(0, noise)
            for name, effect in effects.items():
                own = rng.normal(0, noise / 5)
                value = 10.0 ** (d % 4) * effect * np.exp(start + own)
                rows.append((f"d{d}", name, seed, value))
    return pd.DataFrame(rows, columns=["dataset", "solver", "seed", "value"])


def found(frame: pd.DataFrame, **how: Any) -> Comparison:
    """Compare by the column ``value``."""
    return compare(frame, value="value", **how)


def test_seeds_are_averaged_first_so_that_more_of_them_are_no_more_data_sets() -> None:
    """With every run there twice, no p-value changes."""
    frame = runs({"a": 1.0, "b": 1.03, "c": 1.1})
    again = pd.concat([frame, frame.assign(seed=frame["seed"] + 100)])
    one, two = found(frame), found(again)
    assert one.average_ranks == two.average_ranks
    assert [x.tested.p for x in one.against if x.tested] == [
        x.tested.p for x in two.against if x.tested
    ]


def test_the_best_average_rank_is_the_control_unless_another_is_named() -> None:
    """Methods are in order of their ranks, in either case."""
    frame = runs({"slow": 1.2, "good": 1.0, "fair": 1.1})
    assert (found(frame).control, found(frame).stated) == ("good", False)
    named = found(frame, control="slow")
    assert (named.control, named.stated) == ("slow", True)
    assert named.methods == ("good", "fair", "slow")


def test_shift_and_p_value_are_of_the_logarithms_of_ratios_of_means() -> None:
    """Units differ by data set, so that only ratios may be set against each other."""
    frame = runs({"a": 1.0, "b": 1.05})
    means = frame.groupby(["dataset", "solver"])["value"].mean().unstack()
    apart = np.log(means["b"] / means["a"]).to_numpy()
    (b,) = found(frame, control="a").against
    assert b.tested is not None
    assert b.tested.shift == pytest.approx(np.expm1(hodges_lehmann(apart)))
    assert b.tested.p == pytest.approx(wilcoxon(apart))


def test_values_that_may_be_negative_are_compared_by_differences() -> None:
    """A coherence of -0.1 and 0.1 has no ratio."""
    frame = runs({"a": 1.0, "b": 1.05}).assign(value=lambda f: np.log(f["value"]))
    (b,) = found(frame, control="a", higher=True).against
    assert b.tested is not None
    assert b.tested.shift == pytest.approx(np.log(1.05), rel=0.1)
    assert b.wins == 8


def test_the_unit_of_a_data_set_does_not_matter() -> None:
    """Relative comparisons are the same in grams and in tons."""
    frame = runs({"a": 1.0, "b": 1.02, "c": 1.05})
    scaled = frame.assign(
        value=frame["value"] * np.where(frame["dataset"] == "d3", 1e6, 1.0)
    )
    one, two = found(frame), found(scaled)
    pd.testing.assert_frame_equal(one.over_datasets(), two.over_datasets())
    for a, b in zip(one.pairs, two.pairs, strict=True):
        assert a.difference == pytest.approx(b.difference)
        assert a.interval.ends == pytest.approx(b.interval.ends)


def test_pairs_by_seed_take_away_what_the_start_decides() -> None:
    """Runs of one seed share their start: its spread is in no interval."""
    frame = runs({"a": 1.0, "b": 1.05}, n_seeds=20, noise=0.1)
    shuffled = frame.copy()
    of_b = shuffled["solver"] == "b"
    shuffled.loc[of_b, "seed"] = 19 - shuffled.loc[of_b, "seed"]
    widths = [
        float(np.median([np.diff(one.interval.ends or (0, 0)) for one in c.pairs]))
        for c in (found(frame, control="a"), found(shuffled, control="a"))
    ]
    assert widths[0] < widths[1] / 2


def test_a_difference_below_a_thousandth_is_a_tie_however_sure() -> None:
    """Wins and losses are counted by what matters."""
    (b,) = found(runs({"a": 1.0, "b": 1.0005}, noise=1e-6), control="a").against
    assert (b.wins, b.ties, b.losses) == (0, 8, 0)


def test_ties_say_whether_they_are_of_practice_or_of_chance() -> None:
    """Two reasons, two words."""
    near = found(runs({"a": 1.0, "b": 1.0002}, noise=1e-6), control="a")
    wide = found(runs({"a": 1.0, "b": 1.02}, noise=0.2), control="a")
    assert {one.why_tied for one in near.pairs} == {EQUAL}
    assert WITHIN in {one.why_tied for one in wide.pairs}


def test_seven_data_sets_bear_no_test_of_four_comparisons() -> None:
    """2^(1−7) > 0.05 / 4: ranks are shown, and why there is no test."""
    effects = {name: 1 + 0.1 * i for i, name in enumerate("abcde")}
    seven, eight = (found(runs(effects, n)) for n in (7, 8))
    assert "4 comparisons take 8 data sets" in seven.why_untested
    assert seven.friedman is None
    assert {one.tested for one in seven.against} == {None}
    assert seven.average_ranks["a"] == 1.0
    assert eight.why_untested == ""
    assert all(one.tested for one in eight.against)


def test_a_critical_difference_takes_eight_data_sets_and_three_methods() -> None:
    """Below, ranks are too rough for Nemenyi's approximation."""
    three = {"a": 1.0, "b": 1.1, "c": 1.2}
    assert found(runs(three, 7)).cd is None
    assert found(runs(three, 8)).cd is not None
    assert found(runs({"a": 1.0, "b": 1.1}, 8)).cd is None


def test_holm_stands_beside_each_p_value() -> None:
    """Two comparisons: the smaller p doubles."""
    compared = found(runs({"a": 1.0, "b": 1.05, "c": 1.1}))
    p = sorted((x.tested.p, x.tested.p_holm) for x in compared.against if x.tested)
    assert p[0][1] == pytest.approx(2 * p[0][0])


def test_a_failed_method_loses_its_data_set_and_leaves_the_tests() -> None:
    """The loss is counted, the test is over complete data sets only."""
    frame = runs({"a": 1.0, "b": 1.2}, n_datasets=9)
    failed = (frame["dataset"] == "d0") & (frame["solver"] == "a")
    compared = found(frame.assign(value=frame["value"].mask(failed)), control="b")
    (a,) = compared.against
    assert compared.missing == {"d0": ("a",)}
    assert len(compared.complete) == 8
    assert (a.wins, a.losses, a.failures) == (8, 1, 1)


def test_a_failed_control_loses_too() -> None:
    """What the control did not finish is a win of those that did."""
    frame = runs({"a": 1.0, "b": 1.2})
    failed = (frame["dataset"] == "d0") & (frame["solver"] == "a")
    (b,) = found(frame.assign(value=frame["value"].mask(failed)), control="a").against
    assert (b.wins, b.losses, b.failures) == (1, 7, 0)


def test_without_a_complete_data_set_there_are_no_ranks() -> None:
    """Wins and losses are counted all the same."""
    frame = runs({"a": 1.0, "b": 1.2}, n_datasets=2)
    lost = [("d0", "a"), ("d1", "b")]
    failed = [
        key in lost for key in zip(frame["dataset"], frame["solver"], strict=True)
    ]
    compared = found(frame.assign(value=frame["value"].mask(failed)), control="a")
    assert (compared.complete, compared.average_ranks) == ((), {})
    (b,) = compared.against
    assert (b.wins, b.losses) == (1, 1)


def test_a_method_without_chance_is_set_against_every_seed_of_the_other() -> None:
    """It was planned for one run, for nothing in it is random."""
    frame = runs({"a": 1.0, "b": 1.1}, n_datasets=1)
    frame = frame[(frame["solver"] == "a") | (frame["seed"] == 0)]
    (pair,) = found(frame, control="b").pairs
    assert pair.n_seeds == 5
    assert pair.interval.ends is not None


def test_a_method_without_chance_has_one_run_at_every_size() -> None:
    """Its three runs are of three sizes, no three seeds."""
    frame = runs({"a": 1.0, "b": 1.1}, n_datasets=1)
    frame = frame[(frame["solver"] == "a") | (frame["seed"] == 0)]
    sizes = [frame.assign(n_components=size) for size in (2, 4, 8)]
    (pair,) = found(pd.concat(sizes), control="b", cell=["n_components"]).pairs
    assert (pair.n_cells, pair.n_seeds) == (3, 5)
    assert pair.interval.ends is not None


def test_seeds_that_one_of_two_lost_are_in_no_pair() -> None:
    """Three of five are left: too few for an interval."""
    frame = runs({"a": 1.0, "b": 1.1}, n_datasets=1)
    lost = (frame["solver"] == "a") & (frame["seed"] < 2)
    compared = found(frame.assign(value=frame["value"].mask(lost)), control="b")
    (pair,) = compared.pairs
    assert pair.n_seeds == 3
    assert pair.interval.note == TOO_FEW


def test_runs_without_a_seed_in_common_are_compared_by_their_means() -> None:
    """There is nothing to pair, so there is no interval."""
    frame = runs({"a": 1.0, "b": 1.1}, n_datasets=1, noise=0.001)
    frame.loc[frame["solver"] == "b", "seed"] += 10
    (pair,) = found(frame, control="a").pairs
    assert pair.difference == pytest.approx(0.1, rel=0.05)
    assert (pair.interval.note, pair.n_seeds) == (NO_SEED, 0)
    assert pair.outcome == "loss"


def test_a_method_that_was_not_asked_for_has_not_failed() -> None:
    """No loss, but the data set is in no test over all methods."""
    frame = runs({"a": 1.0, "b": 1.2}, n_datasets=9)
    frame = frame[(frame["dataset"] != "d0") | (frame["solver"] != "b")]
    compared = found(frame, control="a")
    (b,) = compared.against
    assert (b.losses, b.failures) == (8, 0)
    assert len(compared.complete) == 8


def test_sizes_are_averaged_within_their_data_set() -> None:
    """Three sizes are not three data sets: the mean of logarithms of ratios."""
    frame = pd.concat(
        [runs({"a": 1.0, "b": 1 + 0.1 * k}, 2).assign(k=k) for k in (1, 2, 3)]
    )
    compared = found(frame, control="a", cell=["k"])
    assert len(compared.complete) == 2
    expected = (1.1 * 1.2 * 1.3) ** (1 / 3) - 1
    for pair in compared.pairs:
        assert pair.n_cells == 3
        assert pair.difference == pytest.approx(expected, rel=0.05)


def test_sizes_that_a_method_did_not_finish_are_left_out_for_all() -> None:
    """A method that failed where errors are large must not seem the better one."""
    frame = pd.concat([runs({"a": 1.0, "b": 1.1}, 2).assign(k=k) for k in (1, 2)])
    frame["value"] *= frame["k"] ** 5
    lost = (frame["solver"] == "b") & (frame["k"] == 2)
    compared = found(frame.assign(value=frame["value"].mask(lost)), cell=["k"])
    assert compared.methods == ("a", "b")


def test_differences_of_rounding_decide_no_rank() -> None:
    """Methods that agree to 10 digits share their ranks."""
    frame = runs({"a": 1.0, "b": 1.0 + 1e-11}, noise=0.0)
    assert set(found(frame).average_ranks.values()) == {1.5}


def test_equal_methods_have_no_variation_and_no_nan() -> None:
    """Constant groups are told in words, and every figure is a number."""
    frame = runs({"a": 1.0, "b": 1.0, "c": 1.0}, noise=0.0)
    compared = found(frame)
    assert {one.interval.note for one in compared.pairs} == {"no variation"}
    for one in compared.against:
        assert one.tested is not None
        assert (one.tested.shift, one.tested.p_holm) == (0.0, 1.0)
        assert one.tested.posterior.rope == 1.0
    assert "nan" not in compared.within_datasets().to_string().lower()


def test_swapping_the_sign_of_what_is_better_mirrors_the_outcome() -> None:
    """Wins become losses and A12 what is left of it."""
    frame = runs({"a": 1.0, "b": 1.05})
    low = found(frame, control="a")
    high = found(frame, control="a", higher=True)
    for one, other in zip(low.pairs, high.pairs, strict=True):
        assert {one.outcome, other.outcome} == {"win", "loss"}
        assert one.a12 + other.a12 == pytest.approx(1.0)


def test_tables_have_a_row_a_method_and_a_row_a_pair() -> None:
    """DataFrames for those who go on from here."""
    compared = found(runs({"a": 1.0, "b": 1.05, "c": 1.1}))
    assert list(compared.over_datasets()["method"]) == ["a", "b", "c"]
    assert len(compared.within_datasets()) == 2 * 8


@pytest.mark.parametrize(
    ("change", "how", "error", "said"),
    [
        ({}, {"method": "algorithm"}, KeyError, "no column 'algorithm'"),
        ({}, {"control": "z"}, KeyError, "no method 'z' for control="),
        ({"solver": "a"}, {}, ValueError, "two values for method 'a'"),
        ({"value": -1.0}, {"relative": True}, ValueError, "use relative=False"),
    ],
)
def test_what_cannot_be_compared_is_said(
    change: dict[str, Any], how: dict[str, Any], error: type[Exception], said: str
) -> None:
    """What, where and how to mend it."""
    frame = runs({"a": 1.0, "b": 1.1}, 2).assign(**change)
    with pytest.raises(error, match=said):
        found(frame, **how)


def test_one_method_is_no_comparison() -> None:
    """The message names the column and what it holds."""
    with pytest.raises(ValueError, match="takes two methods, column 'solver' holds a"):
        found(runs({"a": 1.0}))


def test_no_ratio_falls_below_zero_however_wide_the_interval() -> None:
    """Ends are found on the axis of logarithms, where they are read from."""
    rng = np.random.default_rng(7)
    values = 10.0 ** rng.uniform(-8, 4, size=(12, 2))
    frame = pd.DataFrame(
        [("d", m, s, values[s, i]) for s in range(12) for i, m in enumerate("ab")],
        columns=["dataset", "solver", "seed", "value"],
    )
    (pair,) = found(frame, control="a").pairs
    ends = pair.interval.ends
    assert ends is not None
    assert -1 < ends[0] < pair.difference < ends[1]
    (mirrored,) = found(frame, control="b").pairs
    back = mirrored.interval.ends
    assert back is not None
    assert (1 + back[0]) * (1 + ends[1]) == pytest.approx(1.0, rel=0.2)


def test_an_infinite_value_is_none() -> None:
    """A run that diverged has failed, and makes no NaN of the others."""
    frame = runs({"a": 1.0, "b": 1.2}, n_datasets=8)
    lost = (frame["dataset"] == "d0") & (frame["solver"] == "b")
    compared = found(frame.assign(value=frame["value"].mask(lost, np.inf)), control="a")
    (b,) = compared.against
    assert (b.losses, b.failures) == (8, 1)
    assert len(compared.complete) == 7
