"""How sure the comparisons are: sentences, then tables, then figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmflab.report.content import (
    Block,
    Bullets,
    Details,
    Heading,
    Prose,
    Section,
)
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count
from nmflab.report.reading.material import Material
from nmflab.report.sections.comparisons.diagram import diagram
from nmflab.report.sections.comparisons.forest import forest
from nmflab.report.sections.comparisons.held_out import held_out_questions
from nmflab.report.sections.comparisons.planned import planned_runs
from nmflab.report.sections.comparisons.questions import (
    Question,
    metric_questions,
    objective_questions,
)
from nmflab.report.sections.comparisons.sentences import (
    cautions,
    lead,
    left_out,
    sureness,
    verdicts,
)
from nmflab.report.sections.comparisons.tables import (
    over_table,
    stacked,
    within_table,
)
from nmflab.report.sections.held_out.family import Family
from nmflab.statistics import Comparison, compare

MOST_QUESTIONS = 6
"""Sets of comparable methods told in full; the others are folded away."""

_NONE = (
    "No two solvers or starts that minimise the shared objective finished on the same"
    " data, size and loss, so there is nothing to compare by it."
)


def comparisons_section(
    material: Material, pencil: Pencil, families: Sequence[Family]
) -> Section:
    """Return what is known of differences between methods, and how sure that is.

    Parameters
    ----------
    material : Material
    pencil : Pencil
    families : sequence of Family
        The runs that held cells out, by data set and split.
    """
    runs = planned_runs(material)
    main = [*objective_questions(runs), *held_out_questions(material, families)]
    metrics = metric_questions(material, runs)
    if not main and not metrics:
        return Section("comparisons", "How sure", [Prose(_NONE)])
    blocks: list[Block] = [] if main else [Prose(_NONE)]
    for question in main[:MOST_QUESTIONS]:
        blocks += _told(question, pencil)
    if len(main) > MOST_QUESTIONS:
        rest = [b for q in main[MOST_QUESTIONS:] for b in _told(q, pencil, drawn=False)]
        n = len(main) - MOST_QUESTIONS
        blocks.append(Details(f"{count(n, 'more comparison')}", rest))
    if metrics:
        blocks.append(_others(metrics, pencil))
    blocks.append(Details("How this was computed", [Bullets(_METHOD)]))
    return Section("comparisons", "How sure", blocks)


_MANY = (
    "Each metric is a family of tests of its own: of twenty metrics on which methods do"
    " not differ, one is expected to show a difference at 0.05."
)
_METHOD = (
    "Seeds are averaged within a data set first: they are not independent data sets. A"
    " data set counts once, with its sizes and splits averaged.",
    "Within a data set, methods are paired by seed. The interval is the bias-corrected"
    " and accelerated bootstrap of the mean difference over seeds (Efron 1987); from"
    " five seeds on, and too short with few: a 95 % interval held the mean of normal"
    " values in 82 % of cases with 5 seeds, 89 % with 10, 93 % with 20.",
    "A tie is a difference below 0.1 %, or one below the standard deviation over seeds"
    " of either method; the spread is not counted where each has four seeds or more and"
    " all seeds of one lie beyond all of the other.",
    "A12 is the chance that a run is ahead of a run of the reference (Vargha & Delaney"
    " 2000), practically equal runs counting half; Cliff's δ = 2 A12 − 1.",
    "Over data sets: Friedman's test in Iman and Davenport's form, then Wilcoxon's"
    " signed ranks (zeros split) against the reference with Holm's correction, only"
    " where 2^(1−N) allows it to reach the level; the difference is Hodges and"
    " Lehmann's, of ratios where values are positive (Demšar 2006).",
    "Probabilities are of the Bayesian signed-rank test with a region of practical"
    " equality of ±0.1 % (Benavoli et al. 2017).",
    "The reference is the method with the best average rank. It was chosen after the"
    " ranks were seen, which makes its p-values somewhat too small.",
    "Configurations chosen by validation cells are compared with one another, never"
    " with configurations that were given.",
)


def _told(question: Question, pencil: Pencil, *, drawn: bool = True) -> Iterator[Block]:
    found = compared(question)
    yield Heading(question.full_title)
    yield Prose(" ".join([lead(question, found), *sureness(found)]))
    said = verdicts(found)
    if said:
        yield Bullets(said)
    notes = [*left_out(question, found), *cautions(question, found)]
    if notes:
        yield Prose(" ".join(notes), "note")
    title = pencil.title
    within = within_table(question, found, title)
    if len(found.datasets) > 1:
        yield over_table(question, found, title)
        yield Details(f"Within each of {len(found.datasets)} data sets", [within])
    else:
        yield within
    if drawn:
        yield from (f for f in _figures(question, found, pencil) if f is not None)


def _others(metrics: Sequence[Question], pencil: Pencil) -> Details:
    """Return the other metrics, a sentence and a few rows each."""
    answers = [(one, compared(one)) for one in metrics if one.varies]
    said = [f"{q.full_title}. {lead(q, found)}" for q, found in answers]
    said += [
        f"{one.full_title}. No variation: the same in every run."
        for one in metrics
        if not one.varies
    ]
    over = [
        (question, found, over_table(question, found, pencil.title))
        for question, found in answers
        if len(found.datasets) > 1
    ]
    within = [
        (question, found, within_table(question, found, pencil.title))
        for question, found in answers
    ]
    tables = [*stacked("metrics-over", over), *stacked("metrics-within", within)]
    named = count(len({question.what for question in metrics}), "other metric")
    return Details(f"The same for {named}", [Prose(_MANY), Bullets(said), *tables])


def _figures(
    question: Question, found: Comparison, pencil: Pencil
) -> Sequence[Block | None]:
    return [diagram(question, found, pencil), forest(question, found, pencil)]


def compared(question: Question) -> Comparison:
    """Return the answer to a question."""
    return compare(
        question.frame,
        value="value",
        method="method",
        dataset="place",
        cell=question.cell,
        higher=question.higher,
        relative=question.relative,
        rope=question.rope,
    )
