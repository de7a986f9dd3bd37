"""Which number stands for the error, which for sparseness, and how axes name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nmflab.report.reading.groups import Group, Stat

_ERRORS = ("relative_error", "rel_fro")
_SPARSENESS = ("hoyer", "sparseness")
_HELD_OUT = ("test", "heldout", "validation")
_CELLS = {
    "_all": "all cells",
    "_train_observed": "observed training cells",
    "_observed": "observed cells",
    "_train": "training cells",
    "_test": "test cells",
}
"""Suffixes of metrics that say which cells they are of."""


@dataclass(frozen=True)
class Measure:
    """A number every group may have: a metric, or the objective.

    Parameters
    ----------
    names : tuple of str
        The metric's names, the first a group has is taken; empty is the objective.
    short : str
        For a sentence: ``Relative error``.
    title : str
        For an axis, with its unit.
    """

    names: tuple[str, ...]
    short: str
    title: str

    def of(self, group: Group) -> Stat | None:
        """Return the statistics of a group, where it has them."""
        if not self.names:
            return group.objective
        found = (group.metrics.get(name) for name in self.names)
        return next((stat for stat in found if stat is not None), None)

    def name_of(self, group: Group) -> str:
        """Return the metric that `of` takes from a group; empty for none."""
        return next((name for name in self.names if group.metrics.get(name)), "")


def words(name: str) -> str:
    """Return a metric's name as words: ``Relative error (all cells)``."""
    for suffix, cells in _CELLS.items():
        if name.endswith(suffix):
            return f"{words(name.removesuffix(suffix))} ({cells})"
    if name == "c_v":
        return "C_V"
    for stem, kinds in _KINDS.items():
        kind = name.removeprefix(f"{stem}_")
        if kind != name and kind.partition("_")[0] in kinds:
            return f"{words(stem)} ({kind.replace('_', ' ')})"
    parts = name.replace("_", " ").split()
    said = [_SPELLED.get(part.lower(), part) for part in parts]
    text = " ".join(said)
    return text if said and said[0] != parts[0] else text[:1].upper() + text[1:]


_KINDS = {"npmi": ("document", "window")}
"""Metrics of which there are several, by what their names end in."""

_SPELLED = {
    **{word.lower(): word for word in ("NPMI", "UMass", "UCI", "ARI", "NMI", "FREX")},
    **{word.lower(): word for word in ("RBO", "SPA", "RMSE", "MAE", "MSE", "NDCG")},
    **{word.lower(): word for word in ("Hoyer", "Amari", "Gini", "Greene", "MAP")},
}
"""Words that the field writes in capitals, or that are names."""


def in_sentence(title: str) -> str:
    """Return a title as it stands within a sentence; names and capitals stay."""
    keeps = title[:2].isupper() or title.partition(" ")[0] in _NAMES
    return title if keeps else title[:1].lower() + title[1:]


_NAMES = ("Hoyer", "Amari", "Gini", "Greene")


def hint(name: str, info: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a metric means, its unit and which way is better."""
    known = about(name, info)
    better = {"lower": "Lower is better.", "higher": "Higher is better."}
    said = str(known.get("doc") or "").strip().split("\n\n")[0].replace("\n", " ")
    unit = str(known.get("unit") or "")
    parts = (
        said.replace("``", ""),
        f"Unit: {unit}." if unit else "",
        better.get(str(known.get("direction")), ""),
    )
    return " ".join(part for part in parts if part)


def about(name: str, info: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is known of a metric; of its parent, for ``<metric>_<suffix>``."""
    while name:
        if name in info:
            return info[name]
        name = name.rpartition("_")[0]
    return {}


def error_measure(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> Measure:
    """Return the relative error of the fit where it was measured, else the objective.

    It has one name where all cells are fitted and another where some are missing; no
    two of these are ever drawn in one panel, as they are not of the same data.
    """
    names = [
        name
        for name in _named(_ERRORS, groups)
        if not any(word in name for word in _HELD_OUT)
    ]
    return _measure(names, info) if names else Measure((), "Objective", "Objective")


def varying(measures: Sequence[Measure], groups: Sequence[Group]) -> list[Measure]:
    """Return the measures that are not the same in every run of the groups."""
    return [one for one in measures if not _is_constant(one, groups)]


def _is_constant(measure: Measure, groups: Sequence[Group]) -> bool:
    stats = [stat for group in groups if (stat := measure.of(group))]
    ends = [end for stat in stats for end in (stat.low, stat.high)]
    return len(stats) > 1 and max(ends) - min(ends) <= _ROUNDING * max(map(abs, ends))


_ROUNDING = 1e-12

_NOT_OF_FEATURES = (
    *("held_out", "ranking", "rating_baselines", "published_agreement"),
    *("error", "rmse", "mse", "mae", "explained_variance", "unidentified"),
    *("spa_residual", "dead_components", "smallest_cluster", "mean_absolute"),
)
"""Words of metrics that say how well X is fitted, or what there was to fit."""


def feature_measures(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> list[Measure]:
    """Return what was measured of the features themselves, sparseness first.

    One value a metric, that of its own name or of H, and only where the metric says
    which way is better.
    """
    found: dict[str, list[str]] = {}
    for name in sorted({name for group in groups for name in group.metrics}):
        stem = _stem(name, info)
        known = info.get(stem, {})
        if known.get("direction") in ("lower", "higher") and not any(
            word in name for word in (*_NOT_OF_FEATURES, *_HELD_OUT)
        ):
            found.setdefault(stem, []).append(name)
    order = sorted(found, key=_place)
    return [_measure([_main(stem, found[stem])], info) for stem in order]


_FIRST = (
    *_SPARSENESS,
    *("spectral_angle", "matched_cosine", "factor_match_score", "abundance_rmse"),
    *("npmi", "c_v", "enrichment", "nmi", "ari", "topic_diversity"),
)
"""Sparseness, agreement with a known truth, then what names and words say."""


def _place(stem: str) -> tuple[int, str]:
    if any(word in stem for word in _SPARSENESS):
        return 0, stem
    known = [at for at, word in enumerate(_FIRST) if stem.startswith(word)]
    return (known[0] if known else len(_FIRST)), stem


def _stem(name: str, info: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the metric that a value is of: ``hoyer_sparseness`` of its ``_H``."""
    while name and name not in info:
        name = name.rpartition("_")[0]
    return name


def _main(stem: str, names: Sequence[str]) -> str:
    wanted = (stem, f"{stem}_H")
    return next((name for name in wanted if name in names), names[0])


def higher_is_better(measure: Measure, info: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a higher value is better, as the metric says."""
    names = measure.names
    return bool(names) and about(names[0], info).get("direction") == "higher"


def _named(wanted: Sequence[str], groups: Sequence[Group]) -> list[str]:
    """Return the metrics that hold the first of the wanted stems that any holds."""
    names = sorted({name for group in groups for name in group.metrics})
    for stem in wanted:
        found = [name for name in names if stem.lower() in name.lower()]
        if found:
            return found
    return []


def _measure(names: Sequence[str], info: Mapping[str, Mapping[str, Any]]) -> Measure:
    short = words(names[0])
    if len(names) > 1:
        short = short.partition(" (")[0]
    unit = str(about(names[0], info).get("unit") or "")
    return Measure(tuple(names), short, f"{short}, {unit}" if unit else short)
