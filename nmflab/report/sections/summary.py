"""The report's first words: what was found, in sentences written from the data."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import Status, Tone
from nmflab.report.numbers import brief, count, listed, number
from nmflab.report.reading.groups import Group, comparisons
from nmflab.report.reading.material import FAILED, LIMITS, Material
from nmflab.report.reading.measures import Measure, words
from nmflab.report.sections.stability.matching import Stability


def statuses(material: Material, n_warnings: int) -> list[Status]:
    """Return the status strip: every planned run under one count, none twice."""
    counts = material.runs["status"].value_counts().to_dict()
    strip = [
        Status("planned", len(material.runs), "asked"),
        Status("ok", int(counts.get("ok", 0)), "results", "good"),
    ]
    for status in FAILED:
        n = int(counts.get(status, 0))
        grave: Tone = "danger" if n else ""
        strip.append(Status(status, n, "failures", grave))
    strip.append(Status("skipped", int(counts.get("skipped", 0)), "skipped"))
    left = int(counts.get("left", 0))
    strip.append(Status("not run", left, "asked", "warning" if left else ""))
    tone: Tone = "warning" if n_warnings else ""
    return [*strip, Status("warnings", n_warnings, "warnings", tone)]


def headline(
    material: Material,
    groups: Sequence[Group],
    error: Measure,
    stable: Sequence[Stability],
) -> list[str]:
    """Return two to five sentences, or as many as the data bear."""
    sentences = [
        completeness(material),
        *limited_sentence(material),
        *findings(groups, error),
        *size_sentence(groups, error),
        *stability_sentence(groups, stable),
    ]
    filled = int(material.runs["zero_filled"].sum())
    if filled:
        those = "that run says" if filled == 1 else "those runs say"
        sentences.append(
            f"In {count(filled, 'run')} missing cells were taken as 0: what {those} of"
            " missing cells was put there, not found."
        )
    return sentences


def completeness(material: Material) -> str:
    """Return how many of the planned runs finished, and what became of the rest."""
    counts = material.runs["status"].value_counts().to_dict()
    total, ok = len(material.runs), int(counts.get("ok", 0))
    if total == 0:
        return "This study is empty: no run was planned."
    failed = sum(int(counts.get(status, 0)) for status in FAILED)
    rest = [
        f"{n:,} {what}"
        for n, what in (
            (failed, "failed"),
            (int(counts.get("skipped", 0)), "skipped as unfit"),
            (int(counts.get("left", 0)), "not run yet"),
        )
        if n
    ]
    if not rest:
        return (
            "The one planned run finished."
            if total == 1
            else f"All {total:,} planned runs finished."
        )
    return f"{ok:,} of {total:,} planned runs finished ({', '.join(rest)})."


def limited_sentence(material: Material) -> list[str]:
    """Return how many runs ended at a limit and not by converging, where any did."""
    runs = material.finished
    stops = runs.loc[runs["stop"].isin(LIMITS), "stop"]
    if stops.empty:
        return []
    named = listed([f"stop.{name}" for name in sorted(set(stops))])
    whose = "it" if len(stops) == 1 else "they"
    return [
        f"{len(stops):,} of {len(runs):,} finished runs stopped at {named}: {whose} had"
        " not converged."
    ]


def findings(groups: Sequence[Group], error: Measure) -> list[str]:
    """Return which solver and start came lowest, or why nothing can be concluded."""
    if not groups:
        return ["No conclusion can be drawn: no run finished."]
    contests = comparisons(groups)
    if not contests:
        return [_uncompared(groups, error)]
    if len(contests) == 1:
        return [_one(contests[0])]
    return [_many(contests)]


def _uncompared(groups: Sequence[Group], error: Measure) -> str:
    first = groups[0]
    if len(groups) == 1:
        value = error.of(first)
        known = (
            f" {_named(error)} {brief(value.mean, value.sd)}" if value else " a result"
        )
        said = (
            f"{first.name} with {count(first.n_components, 'component')} reached"
            f"{known} on {first.dataset}"
        )
        if first.n_seeds == 1:
            return f"{said}: one run, so no conclusion about solvers, sizes or seeds."
        return (
            f"{said} over {first.n_seeds} seeds; there was nothing to compare it with."
        )
    said = (
        "No two solvers or starts met on the same data, size and objective, so none can"
        " be called better"
    )
    if len(groups) > _FEW:
        return f"{said}."
    told = [error.name_of(group) for group in groups]
    differ = len(set(told)) > 1
    cells = [f" over {_cells(name)}" if differ and name else "" for name in told]
    each = [
        f"{group.name} {_error_of(group, error)}{which}"
        for group, which in zip(groups, cells, strict=True)
    ]
    return f"{said}; {error.short.lower()}: {', '.join(each)}."


def _cells(name: str) -> str:
    """Return which cells a metric is of, as its name says."""
    head, _, cells = words(name).rpartition(" (")
    return cells.removesuffix(")") if head else f"its own cells ({name})"


_FEW = 4


def _error_of(group: Group, error: Measure) -> str:
    stat = error.of(group)
    return brief(stat.mean, stat.sd) if stat else "not measured"


def _named(error: Measure) -> str:
    name = error.short.lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} of"


def _one(contest: Sequence[Group]) -> str:
    first, second = contest[0], contest[1]
    where = f"On {first.dataset} with {count(first.n_components, 'component')}"
    tied = [group for group in contest if group is first or group.tied]
    if len(tied) > 1:
        names = listed([group.name for group in tied])
        return (
            f"{where}, {names} tie for the lowest objective, {_value(first)}: their"
            f" differences are within the spread over seeds or below 0.1 %."
        )
    return (
        f"{where}, {first.name} reached the lowest objective, {_value(first)};"
        f" next came {second.name} with {_value(second)}{_caution(first, second)}."
    )


def _value(group: Group) -> str:
    stat = group.objective
    if stat is None:
        return "not known"
    if stat.sd is None:
        return f"{number(stat.mean)} (one run)"
    return f"{brief(stat.mean, stat.sd)} over {stat.n} seeds"


def _caution(first: Group, second: Group) -> str:
    if first.n_seeds == second.n_seeds == 1:
        return ", each from one run, so chance cannot be ruled out"
    return ""


def _many(contests: Sequence[Sequence[Group]]) -> str:
    wins: dict[str, int] = {}
    ties = 0
    for contest in contests:
        if any(group.tied for group in contest):
            ties += 1
        else:
            wins[contest[0].name] = wins.get(contest[0].name, 0) + 1
    total = len(contests)
    if not wins:
        every = "both" if total == 2 else f"all {total}"
        return f"In {every} comparisons the lowest objective was a tie."
    best = sorted(wins.items(), key=lambda item: -item[1])
    named = [f"{name} in {n}" for name, n in best]
    text = f"Of {total} comparisons, the lowest objective went to {listed(named, 4)}"
    return f"{text}; {count(ties, 'tie')}." if ties else f"{text}; no ties."


def size_sentence(groups: Sequence[Group], error: Measure) -> list[str]:
    """Return how the best error moves with n_components, for a single data set."""
    if len({str(g.labels["fingerprint"]) for g in groups}) != 1:
        return []
    if len({error.name_of(g) for g in groups if error.of(g)}) > 1:
        return []
    best: dict[int, float] = {}
    for group in groups:
        stat = error.of(group)
        if stat is not None and not group.own_objective:
            size = group.n_components
            best[size] = min(best.get(size, stat.low), stat.low)
    if len(best) < 2:
        return []
    low, high = min(best), max(best)
    return [
        f"The best {error.short.lower()} goes from {number(best[low])}"
        f" at n_components {low} to {number(best[high])} at {high}; by itself that does"
        " not say which size to use."
    ]


def stability_sentence(
    groups: Sequence[Group], stable: Sequence[Stability]
) -> list[str]:
    """Return how many components of the best ranked groups every seed found again."""
    if not stable:
        if groups and all(group.n_seeds == 1 for group in groups):
            return ["Each setting has one run, so nothing is known of its spread."]
        return []
    ranks = {id(one): one.group.rank or 1 for one in stable}
    best = [one for one in stable if ranks[id(one)] == 1] or list(stable)
    found = sum(int(one.stable.sum()) for one in best)
    total = sum(one.stable.size for one in best)
    if len(best) == 1:
        one = best[0]
        where = f"{one.group.name}, n_components {one.group.n_components}"
    else:
        where = f"the {len(best)} best settings"
    return [
        f"Every seed found again {found} of {count(total, 'component')} of {where}"
        " (matched cosine at least 0.9)."
    ]
