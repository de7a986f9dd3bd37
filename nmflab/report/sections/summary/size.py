"""How many components, in sentences: what criteria and held-out cells say."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.advice import Panel
from nmflab.report.content import Sentence
from nmflab.report.numbers import brief, count, listed, number
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import Measure, in_sentence
from nmflab.report.sections.held_out.family import Family
from nmflab.report.sections.summary.findings import Findings

_MOST_FAMILIES = 2


def size_sentences(found: Findings) -> list[Sentence]:
    """Return what says how many components to use; or that nothing does."""
    if found.advised is not None:
        return [Sentence(_advised(found.advised), "how-many-components")]
    said = [
        Sentence(text, "held-out")
        for family in found.families[:_MOST_FAMILIES]
        if (text := _held_out(family))
    ]
    return said or _unchosen(found)


def _advised(panel: Panel) -> str:
    """Return the verdict of the panel in one sentence."""
    votes = panel.votes()
    n = sum(map(len, votes.values()))
    head = (
        f"How many components for {panel.dataset}, of {min(panel.sizes)} to"
        f" {max(panel.sizes)} tried:"
    )
    if not votes:
        return f"{head} no criterion could choose."
    if len(votes) == 1:
        whose = "the one criterion that chooses says"
        whose = whose if n == 1 else f"all {n} criteria that choose say"
        return f"{head} {whose} {next(iter(votes))}."
    ranked = sorted(votes.items(), key=lambda item: -len(item[1]))
    (size, members), (_, second) = ranked[0], ranked[1]
    spread = f"the {n} criteria that choose disagree, from {min(votes)} to {max(votes)}"
    if len(members) == len(second):
        each = [f"{one} ({len(who)})" for one, who in votes.items()]
        return f"{head} {spread}: {listed(each)}; no size has the most votes."
    names = listed([one.title for one in members], 4)
    edge = size in (panel.sizes[0], panel.sizes[-1])
    beyond = "; it lies at the edge of the range, so look beyond" if edge else ""
    return f"{head} {spread}; {len(members)} say {size} ({names}){beyond}."


def _held_out(family: Family) -> str:
    """Return the size that validation chose, else that of the lowest held-out error."""
    sizes = sorted({int(size) for size in family.runs["n_components"]})
    if len(sizes) < 2:
        return ""
    if (family.choices["chosen_by"] == "validation").any():
        return _validated(family, sizes)
    return _lowest(family, sizes)


def _validated(family: Family, sizes: Sequence[int]) -> str:
    rows = family.choices[family.choices["chosen_by"] == "validation"]
    mine = min(
        (some for _, some in rows.groupby(["variant", "init"], sort=False)),
        key=lambda some: float(some["validation"].mean()),
    )
    chosen = mine["n_components"].astype(int).value_counts().to_dict()
    each = [
        f"{size} in {n} of {len(mine)} {family.unit}s" for size, n in chosen.items()
    ]
    said = listed(each) if len(mine) > 1 else str(next(iter(chosen)))
    first = mine.iloc[0]
    return (
        f"Out of {listed([str(size) for size in sizes])} components, the validation"
        f" cells of {family.title} chose {said}, for {first['variant']} from"
        f" {first['init']}."
    )


def _lowest(family: Family, sizes: Sequence[int]) -> str:
    """Return the size of the lowest held-out error, and by the one-standard-error rule.

    The rule: the smallest size whose mean is within one standard error of the lowest.
    """
    if not family.measures or family.measures[0].higher:
        return ""
    measure = family.measures[0]
    runs = family.runs[family.runs[measure.metric].notna()]
    if len(runs[["variant", "init", "objective", "solver"]].drop_duplicates()) != 1:
        return ""
    folds = runs.groupby(["n_components", "fold", "split_seed"])[measure.metric].mean()
    by = {int(str(size)): part for size, part in folds.groupby(level=0)}
    if len(by) < 2:
        return ""
    means = {size: float(part.mean()) for size, part in by.items()}
    best = min(means, key=lambda size: means[size])
    n, sd = len(by[best]), float(by[best].std())
    text = (
        f"Of {sizes[0]} to {sizes[-1]} components, the held-out {measure.title} of"
        f" {family.title} is lowest at {best}: {brief(means[best], sd)} over"
        f" {count(n, family.unit)}"
    )
    if n > 1:
        bound = means[best] + sd / n**0.5
        least = min(size for size, mean in means.items() if mean <= bound)
        what = "it is also" if least == best else f"{least} is"
        text += f"; {what} the smallest within one standard error of that"
    return (
        f"{text}. Having chosen, these cells are no estimate of the error on new ones."
    )


def _unchosen(found: Findings) -> list[Sentence]:
    """Return that error alone chooses no size, where a data set has several."""
    groups, error = found.groups, found.error
    sizes: dict[str, set[int]] = {}
    for group in groups:
        sizes.setdefault(str(group.labels["fingerprint"]), set()).add(
            group.n_components
        )
    if all(len(tried) < 2 for tried in sizes.values()):
        return []
    if len(sizes) > 1 or len({error.name_of(g) for g in groups if error.of(g)}) > 1:
        return [Sentence(f"Several sizes were run. {_NOTHING}", "error")]
    exact = sorted({group.n_components for group in groups if group.n_exact})
    [tried] = sizes.values()
    if exact:
        fewer = sorted(size for size in tried if size < exact[0])
        none = f"none with {_sizes(fewer)}" if fewer else "fewer were not tried"
        text = f"An exact fit was found with {_sizes(exact)} components; {none}."
        return [Sentence(text, "error")]
    fall = _fall(groups, error)
    return [Sentence(f"{fall} {_NOTHING}", "error")] if fall else []


def _fall(groups: Sequence[Group], error: Measure) -> str:
    """Return how the best error moves from the smallest size to the largest."""
    best: dict[int, float] = {}
    for group in groups:
        stat = error.of(group)
        if stat is not None and not group.own_objective:
            size = group.n_components
            best[size] = min(best.get(size, stat.low), stat.low)
    if len(best) < 2:
        return ""
    low, high = min(best), max(best)
    return (
        f"The best {in_sentence(error.short)} goes from {number(best[low])} with {low}"
        f" to {number(best[high])} with {high} components."
    )


def _sizes(sizes: Sequence[int]) -> str:
    return listed([str(size) for size in sizes])


_NOTHING = (
    "Error falls with size by itself, so nothing in this study says which size to use:"
    " advise=n_components or held-out cells (split=speckled) would."
)
