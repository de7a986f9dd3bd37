"""Choosing a configuration by its validation cells, and reading its test score once.

Whoever tries twenty penalties and reports the lowest test error has used the test cells
to choose: the figure is lower than what the method would achieve on cells nobody looked
at. Here validation cells choose, the test score of the choice is read once, and what
was tuned on its own test cells is shown beside it under that name.

References
----------
G. C. Cawley, N. L. C. Talbot, "On Over-fitting in Model Selection and Subsequent
Selection Bias in Performance Evaluation", JMLR 11, 2010.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from nmflab.store import Store

TUNED = "tuned on its own test cells"
"""Label of a figure whose configuration was chosen by the very cells it is of."""

CONTEST = (
    "dataset",
    "fingerprint",
    "weighting",
    "split_family",
    "fold",
    "split_seed",
    "variant",
    "init",
    "zero_filled",
)
"""Runs that agree in all of these differ by configuration and seed: one is chosen."""

CONFIGURATION = ("n_components", "objective", "solver", "dtype")
"""What is chosen: labels that hold the swept parameters."""

RESAMPLINGS = ("row_sample", "bootstrap", "shuffled")
"""Splits that fit another draw of X and hold out no cell."""

IN_PART = ("bi_cv", *RESAMPLINGS)
"""Splits of complete data whose solver sees whole lines of it, or another draw."""

WHOLE = ("none", *IN_PART)
"""Splits after which no cell of complete data is unknown."""

_PREFERRED = ("held_out_rmse_clipped", "held_out_rmse", "rmse_test", "mse_test")


def scored(store: Store, *, all_sweeps: bool = False) -> pd.DataFrame:
    """Return the finished runs with their metrics and what `choose` groups them by.

    One row a run: the columns of `Store.runs`, a column each numeric metric, and
    ``split_family`` (the split's label without fold and seed), ``fold`` (-1 where the
    split has none), ``split_seed``, ``events`` (whether it holds out nonzero cells,
    which count as 0 in training), ``variant`` (the case, else the solver's name) and
    ``zero_filled`` (whether missing or held-out cells were taken as 0).
    """
    runs = store.runs(all_sweeps=all_sweeps)
    runs = runs[runs["status"] == "ok"].reset_index(drop=True)
    metrics = store.metric_table()
    new = [name for name in metrics.columns if name not in runs.columns]
    runs = runs.join(metrics[new], on="key")
    configs = [store.config(key) for key in runs["key"]]
    masked = {
        dataset.fingerprint
        for dataset in store.datasets()
        if dataset.facts.get("missing", "none") != "none"
    }
    splits = [config.get("split") or {"name": "none"} for config in configs]
    case = runs["case"].fillna("")
    return runs.assign(
        split_family=[family(str(label or "none")) for label in runs["split"]],
        fold=[int(split.get("fold", -1)) for split in splits],
        split_seed=[int(split.get("seed", 0) or 0) for split in splits],
        events=[split.get("cells") == "positive" for split in splits],
        case=case,
        weighting=runs["weighting"].fillna("none"),
        variant=case.where(case != "", runs["solver"].map(plain_name)),
        zero_filled=[
            took_zeros(config, masked=fingerprint in masked)
            for config, fingerprint in zip(configs, runs["fingerprint"], strict=True)
        ],
    )


def took_zeros(config: Mapping[str, Any], *, masked: bool) -> bool:
    """Return whether a run was given the value 0 for cells that it does not know.

    Parameters
    ----------
    config : mapping
        The run's.
    masked : bool
        Whether cells of its data are unknown. Of complete data those held out are,
        unless the split has them count as events not yet seen (``cells=positive``).
    """
    if config.get("missing_as_zero") is not True:
        return False
    split = config.get("split") or {}
    whole = split.get("name", "none") in WHOLE
    return masked or not (whole or split.get("cells") == "positive")


def family(label: str) -> str:
    """Return a split's label without its fold and seed: what folds share."""
    name, _, inside = label.partition("(")
    parts = [p.strip() for p in re.split(r",\s*", inside.removesuffix(")")) if p]
    kept = [p for p in parts if not p.startswith(("fold=", "seed="))]
    return f"{name}({', '.join(kept)})" if kept else name


def plain_name(label: str) -> str:
    """Return a label without its parameters."""
    return label.partition("(")[0]


def main_metric(runs: pd.DataFrame) -> str | None:
    """Return the metric of the test cells that stands for the error, if any was made.

    The clipped RMSE where there is one, else a plain RMSE, else an NDCG; for events the
    NDCG first, as a solver was told that they are 0.
    """
    held = [name for name in runs.columns if runs[name].notna().any()]
    ndcg = [name for name in held if str(name).startswith("ranking_ndcg_at_")]
    families = list(runs.get("split_family", ()))
    are_events = bool(families) and all("cells=positive" in f for f in families)
    names = (*ndcg, *_PREFERRED) if are_events else (*_PREFERRED, *ndcg)
    return next((str(n) for n in names if n in held), None)


def choose(
    runs: pd.DataFrame,
    metric: str | None = None,
    *,
    higher: bool | None = None,
    contest: Sequence[str] = CONTEST,
) -> pd.DataFrame:
    """Return the configuration chosen in each contest, with its test score.

    Within each (dataset, weighting, split with its fold and seed, case or solver, init,
    treatment of missing cells) the configuration with the lowest mean ``validation``
    over seeds is chosen.

    Parameters
    ----------
    runs : DataFrame
        As `scored` returns.
    metric : str, optional
        Of the test cells; None takes `main_metric`.
    higher : bool, optional
        Whether a higher value is better; None: for a ranking metric.
    contest : sequence of str
        Columns that runs must agree in to be chosen from; ``n_components`` among them
        chooses for each size by itself.

    Returns
    -------
    DataFrame
        One row a contest: the columns of `CONTEST` and `CONFIGURATION` and

        n_configurations, n_seeds
            How many there were to choose from, and seeds of the chosen one.
        chosen_by
            "validation", "nothing" (there was one configuration) or "test".
        validation, test, test_sd
            Of the chosen one, over seeds. `test` is missing where nothing but the test
            cells could choose: then there is no honest figure.
        tuned, tuned_label
            The best test score of any configuration, and `TUNED`; missing where there
            was one configuration.
        tuned_configuration
            Which that is, in words.
        keys
            The runs of the chosen configuration.
    """
    import pandas as pd

    metric = metric or main_metric(runs)
    if higher is None:
        higher = metric is not None and metric.startswith("ranking_")
    records = [
        dict(zip(contest, names, strict=True)) | _chosen(members, metric, higher=higher)
        for names, members in runs.groupby(list(contest), sort=False, dropna=False)
    ]
    columns = list(dict.fromkeys([*contest, *CONFIGURATION, *_RESULTS]))
    return pd.DataFrame.from_records(records, columns=columns)


_RESULTS = (
    "n_configurations",
    "n_seeds",
    "chosen_by",
    "validation",
    "test",
    "test_sd",
    "tuned",
    "tuned_label",
    "tuned_configuration",
    "keys",
)


def _chosen(
    contest: pd.DataFrame, metric: str | None, *, higher: bool
) -> dict[str, Any]:
    """Return a record by column; Any: text, numbers and keys stand side by side."""
    tried = list(_tried(contest, metric))
    seen = [one for one in tried if one["validation"] == one["validation"]]
    tested = [one for one in tried if one["test"] == one["test"]]
    sign = -1.0 if higher else 1.0
    tuned = min(tested, key=lambda one: sign * one["test"], default=None)
    several = len(tried) > 1
    if seen:
        best, by = min(seen, key=lambda one: one["validation"]), "validation"
    elif several:
        best, by = tuned or tried[0], "test"
    else:
        best, by = tried[0], "nothing"
    nan = float("nan")
    honest = {} if by != "test" else {"test": nan, "test_sd": nan}
    return {
        **best,
        **honest,
        "n_configurations": len(tried),
        "chosen_by": by,
        "tuned": tuned["test"] if several and tuned else nan,
        "tuned_label": TUNED if several and tuned else "",
        "tuned_configuration": in_words(tuned, tried) if several and tuned else "",
    }


def _tried(contest: pd.DataFrame, metric: str | None) -> Iterator[dict[str, Any]]:
    """Yield each configuration with its means over seeds."""
    nan = float("nan")
    grouped = contest.groupby(list(CONFIGURATION), sort=False, dropna=False)
    for names, members in grouped:
        test = members[metric].dropna() if metric is not None else None
        yield {
            **dict(zip(CONFIGURATION, names, strict=True)),
            "n_seeds": len(members),
            "validation": float(members["validation"].mean()),
            "test": nan if test is None else float(test.mean()),
            "test_sd": float(test.std()) if test is not None and len(test) > 1 else nan,
            "keys": tuple(members["key"]),
        }


def in_words(one: Any, among: Sequence[Any]) -> str:
    """Return a configuration by what tells it from the others it stood among.

    one, among : mappings that hold `CONFIGURATION`.
    """
    parts = [
        f"n_components {one[name]}" if name == "n_components" else str(one[name])
        for name in CONFIGURATION
        if name == "n_components" or len({other[name] for other in among}) > 1
    ]
    return ", ".join(parts)
