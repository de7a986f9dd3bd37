"""What was measured on held-out cells: of the models, and of baselines beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nmflab.report.reading.measures import words

_NOT_MODELS = ("held_out_cells_", "ranking_baselines_", "rating_baselines_")
_BASELINES = ("rating_baselines_", "ranking_baselines_")
_FIRST = (
    "rmse_clipped",
    "mae_clipped",
    "rmse",
    "mae",
    "rmse_clipped_per_row",
    "rmse_per_row",
)
"""Measures that stand in the table itself, before those of rankings."""

_RANKINGS = ("ndcg", "map", "precision", "recall", "hit_rate")

_TITLES = {
    "rmse": "RMSE",
    "mae": "MAE",
    "mse": "MSE",
    "clipped": "clipped",
    "warm": "warm cells",
    "ndcg": "NDCG",
    "map": "MAP",
}


_NAMES = {"item_knn": "Item kNN", "ease": "EASE"}


@dataclass(frozen=True)
class Measured:
    """One measure of the held-out cells.

    Parameters
    ----------
    name : str
        "rmse_clipped", "ndcg_at_10".
    metric : str
        The metric that holds it for models.
    """

    name: str
    metric: str

    @property
    def higher(self) -> bool:
        """Whether a higher value is better, as for rankings."""
        return self.metric.startswith("ranking_")

    @property
    def title(self) -> str:
        """Its name as words: ``RMSE, clipped``, ``NDCG at 10``."""
        text = self.name
        per_row = text.endswith("_per_row")
        text = text.removesuffix("_per_row")
        parts = [_TITLES.get(part, part) for part in text.split("_")]
        joined = " ".join(parts).replace(" clipped", ", clipped")
        joined = joined.replace(" warm", ", warm")
        return f"{joined[:1].upper()}{joined[1:]}{', by row' if per_row else ''}"


def is_of_held_out(name: str) -> bool:
    """Return whether a metric is of held-out cells: told in a section of its own.

    Beside every configuration these figures would invite to choose by them.
    """
    return name.startswith(("held_out_", "ranking_", *_BASELINES)) or name.endswith(
        "_test"
    )


def measured(names: Iterable[str]) -> list[Measured]:
    """Return the measures of models among the names of metrics, the first first.

    ``rmse_test`` is ``held_out_rmse`` under another name and stands in for it.
    """
    found: dict[str, Measured] = {}
    for name in sorted(map(str, names)):
        if name.startswith(_NOT_MODELS):
            continue
        if name.startswith("held_out_"):
            short = name.removeprefix("held_out_")
            found[short] = Measured(short, name)
        elif name.startswith("ranking_"):
            short = name.removeprefix("ranking_")
            found[short] = Measured(short, name)
        elif name.endswith("_test"):
            short = name.removesuffix("_test")
            found.setdefault(short, Measured(short, name))
    return sorted(found.values(), key=_order)


def _order(measure: Measured) -> tuple[int, int, str]:
    if measure.higher:
        kind = measure.name.partition("_at_")[0]
        return 1, _RANKINGS.index(kind) if kind in _RANKINGS else 9, measure.name
    known = measure.name in _FIRST
    return 0 if known else 2, _FIRST.index(measure.name) if known else 0, measure.name


def is_first(measure: Measured) -> bool:
    """Return whether a measure stands in the table itself, not in the folded one."""
    return measure.name in _FIRST or measure.higher


def baselines(names: Iterable[str], measures: Sequence[Measured]) -> dict[str, str]:
    """Return the prefix of each baseline's metrics by its name in words.

    ``rating_baselines_biases_rmse_clipped`` is the measure ``rmse_clipped`` of
    ``biases``.
    """
    endings = [*(m.name for m in measures), "rmse", "mae"]
    found: dict[str, str] = {}
    for name in sorted(map(str, names)):
        prefix = next((p for p in _BASELINES if name.startswith(p)), None)
        if prefix is None:
            continue
        rest = name.removeprefix(prefix)
        fits = [e for e in endings if rest.endswith(f"_{e}")]
        ranked = re.search(r"_[a-z]+(_rate)?_at_\d+$", rest)
        ending = f"_{max(fits, key=len)}" if fits else ranked[0] if ranked else ""
        if ending:
            base = rest.removesuffix(ending)
            found[_NAMES.get(base, words(base))] = f"{prefix}{base}_"
    return found
