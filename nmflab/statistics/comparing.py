"""Methods over data sets: pairs within each, ranks and tests over all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nmflab.statistics.arranged import Arranged, Scale, arrange, scale_of
from nmflab.statistics.bayesian import bayesian_signed_rank
from nmflab.statistics.comparison import Against, Comparison, Tested
from nmflab.statistics.friedman import (
    FEWEST_FOR_DIAGRAM,
    critical_difference,
    friedman,
    holm,
    ranks,
)
from nmflab.statistics.pairs import Pair, pair
from nmflab.statistics.signed_rank import (
    can_reach,
    hodges_lehmann,
    needed,
    shift_interval,
    smallest_p,
    wilcoxon,
)

ALPHA = 0.05


def compare(
    frame: pd.DataFrame,
    *,
    value: str,
    method: str = "solver",
    dataset: str = "dataset",
    seed: str = "seed",
    cell: Sequence[str] = (),
    higher: bool = False,
    relative: bool | None = None,
    rope: float | None = None,
    control: str | None = None,
    alpha: float = ALPHA,
) -> Comparison:
    """Compare methods over data sets; seeds are averaged within each first.

    Parameters
    ----------
    frame : DataFrame
        One row a run. A run that failed has no value (NaN, or infinite): a method
        without any value on a data set has lost it.
    value, method, dataset, seed : str
        Names of columns.
    cell : sequence of str
        Columns within a data set that are averaged after the seeds: sizes, folds.
    higher : bool, default False
        Whether a higher value is better.
    relative : bool, optional
        Compare ratios of means, not differences; None: where all values are positive.
    rope : float, optional
        Practical equality; None is `nmflab.statistics.ROPE`, of the median value where
        differences are compared.
    control : str, optional
        The method that others are set against; None: the best by average rank.
    alpha : float, default 0.05
        Level of the tests.

    Raises
    ------
    KeyError
        If a column or the control does not exist.
    ValueError
        If there are fewer than two methods, or two values for one run.
    """
    if value not in frame.columns:
        raise KeyError(f"no column {value!r}: name the one to compare in value=")
    finite = frame[value].astype(float).replace([np.inf, -np.inf], np.nan)
    frame = frame.assign(**{value: finite})
    scale = scale_of(finite, higher=higher, relative=relative, rope=rope)
    names = {"method": method, "dataset": dataset, "seed": seed, "value": value}
    data = arrange(frame, **names, cell=cell, scale=scale)
    if len(data.methods) < 2:
        raise ValueError(
            f"a comparison takes two methods, column {method!r} holds"
            f" {', '.join(data.methods) or 'none'}"
        )
    if control is not None and control not in data.methods:
        raise KeyError(
            f"no method {control!r} for control=; there are {', '.join(data.methods)}"
        )
    return _compared(data, control, alpha)


def _compared(data: Arranged, stated: str | None, alpha: float) -> Comparison:
    scores = data.scores
    whole = scores.dropna()
    order, average, firsts = _placed(data, whole)
    control = stated or order[0]
    others = [name for name in order if name != control]
    pairs = {name: _pairs(data, name, control) for name in others}
    why = _why_untested(len(whole), len(others), alpha)
    tested = {} if why else _tests(whole, control, others, data.scale, alpha)
    of_all = len(order) > 2 and not why
    return Comparison(
        methods=tuple(order),
        datasets=tuple(data.datasets),
        complete=tuple(map(str, whole.index)),
        missing=_missing(scores),
        control=control,
        stated=stated is not None,
        scale=data.scale,
        alpha=alpha,
        average_ranks=average,
        firsts=firsts,
        friedman=friedman(whole.to_numpy()) if of_all else None,
        cd=_cd(len(order), len(whole), alpha),
        why_untested=why,
        against=tuple(
            _against(name, control, pairs[name], data, tested.get(name))
            for name in others
        ),
        pairs=tuple(one for name in others for one in pairs[name]),
    )


def _pairs(data: Arranged, name: str, control: str) -> list[Pair]:
    found = (pair(data, dataset, name, control) for dataset in data.datasets)
    return [one for one in found if one is not None]


def _missing(scores: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return who has no value, by data set."""
    return {
        str(name): tuple(str(method) for method in row.index[row.isna()])
        for name, row in scores.iterrows()
        if row.isna().any()
    }


def _placed(
    data: Arranged, whole: pd.DataFrame
) -> tuple[list[str], dict[str, float], dict[str, int]]:
    """Return methods by average rank, their average ranks, how often each was first.

    Without a complete data set the order is that of the data sets finished, then of
    the ranks among those present.
    """
    if whole.empty:
        among = data.scores.rank(axis=1, ascending=not data.scale.higher)
        count, mean = among.notna().sum().to_dict(), among.mean().to_dict()
        return sorted(data.methods, key=lambda m: (-count[m], mean[m])), {}, {}
    ranked = ranks(whole.to_numpy(), higher=data.scale.higher)
    average = dict(zip(data.methods, map(float, ranked.mean(axis=0)), strict=True))
    values = whole.to_numpy()
    best = values.max(axis=1) if data.scale.higher else values.min(axis=1)
    near = np.abs(values - best[:, None]) <= data.scale.rope_on_axis
    firsts = dict(zip(data.methods, map(int, near.sum(axis=0)), strict=True))
    return sorted(data.methods, key=lambda m: average[m]), average, firsts


def _why_untested(n: int, n_comparisons: int, alpha: float) -> str:
    """Return why no test is made over `n` complete data sets, "" where one is."""
    if can_reach(n, alpha, n_comparisons):
        return ""
    enough = needed(alpha, n_comparisons)
    which = f"{n_comparisons} comparison{'s' * (n_comparisons > 1)}"
    if n < 2:
        return f"a test takes at least {enough} data sets for {which}"
    return (
        f"with {n} data sets no test can reach {alpha:g} (the smallest p-value is"
        f" {smallest_p(n):.2g}; {which} take{'s' * (n_comparisons == 1)} {enough} data"
        " sets)"
    )


def _cd(n_methods: int, n_datasets: int, alpha: float) -> float | None:
    if n_methods < 3 or n_datasets < FEWEST_FOR_DIAGRAM:
        return None
    return critical_difference(n_methods, n_datasets, alpha)


def _tests(
    whole: pd.DataFrame,
    control: str,
    others: Sequence[str],
    scale: Scale,
    alpha: float,
) -> dict[str, Tested]:
    apart = {name: (whole[name] - whole[control]).to_numpy() for name in others}
    p_values = {name: wilcoxon(values) for name, values in apart.items()}
    corrected = dict(zip(others, holm(list(p_values.values())), strict=True))
    return {
        name: Tested(
            shift=scale.back(hodges_lehmann(values)),
            interval=scale.read(shift_interval(values, 1 - alpha)),
            p=p_values[name],
            p_holm=corrected[name],
            posterior=bayesian_signed_rank(values, scale.rope_on_axis),
        )
        for name, values in apart.items()
    }


def _against(
    name: str,
    control: str,
    pairs: Sequence[Pair],
    data: Arranged,
    tested: Tested | None,
) -> Against:
    outcomes = [one.outcome for one in pairs]
    failures, gained = data.lost(name, control), data.lost(control, name)
    return Against(
        method=name,
        wins=outcomes.count("win") + gained,
        ties=outcomes.count("tie"),
        losses=outcomes.count("loss") + failures,
        failures=failures,
        tested=tested,
    )
