"""The section on aligned factors: findings, census of optima, galleries, lineage."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.numerics.census import (
    DIFFERENT_FACTORS,
    EQUAL_ERROR,
    SAME_COSINE,
    SAME_OBJECTIVE,
)
from nmflab.report.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Details,
    Heading,
    Prose,
    Section,
    Table,
)
from nmflab.report.numbers import count, number
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.sections.aligned.certificate import certificate
from nmflab.report.sections.aligned.found import AlignedRuns, Comparison, Counted
from nmflab.report.sections.aligned.gallery import gallery, match_heatmap, titled
from nmflab.report.sections.aligned.lineage import lineage_blocks
from nmflab.report.sections.aligned.reading import KAPPA, MOST_SEEDS, aligned_runs

MOST_GALLERIES = 4
MOST_FINDINGS = 5
MOST_COUNTED = 60
LOOSE = 1e-6
"""Tolerances of kappa above which seeds may stop short of their optimum."""


def aligned_section(
    material: Material, groups: Sequence[Group], found: AlignedRuns | None = None
) -> Section | None:
    """Return what runs have in common; None where there is nothing to compare.

    Parameters
    ----------
    material : Material
    groups : sequence of Group
    found : AlignedRuns, optional
        Where it was read before.
    """
    found = found or aligned_runs(material, groups)
    ancestry = lineage_blocks(material, groups)
    if not (found.comparisons or found.counted or ancestry):
        return None
    blocks: list[Block] = [
        Prose(
            "Components of different runs are matched one to one, so that the products"
            " of their cosines in W and in H are largest in sum: scale and order carry"
            " no meaning. The factor match score of two runs is the mean of these"
            " products, each reduced by how much the component differs in size; 1 is"
            " the same factors."
        ),
        *_finding_blocks(found.comparisons),
        *_census_blocks(found.counted),
        *_galleries(material, found),
        *ancestry,
    ]
    return Section("aligned", "Aligned factors", blocks)


def _finding_blocks(comparisons: Sequence[Comparison]) -> list[Block]:
    told = sorted(
        (one for one in comparisons if one.findings),
        key=lambda one: one.findings[0].match_score,
    )
    if not told:
        if len(comparisons) and any(_has_equals(one) for one in comparisons):
            text = (
                "Wherever two runs reached objectives within"
                f" {number(100 * EQUAL_ERROR)} % of each other, their factors are the"
                f" same too (match score {DIFFERENT_FACTORS} or more)."
            )
            return [Prose(text, "good")]
        return []
    sentences = [_finding(one) for one in told]
    blocks: list[Block] = [
        Prose(f"Equal error, different factors. {text}", "warning")
        for text in sentences[:MOST_FINDINGS]
    ]
    rest = sentences[MOST_FINDINGS:]
    if rest:
        summary = f"{count(len(rest), 'more comparison')} with such a pair"
        blocks.append(Details(summary, [Bullets(rest)]))
    return blocks


def _has_equals(comparison: Comparison) -> bool:
    first, second = (entry.objective for entry in comparison.entries[:2])
    return second - first < EQUAL_ERROR * abs(second) or second <= comparison.exact


def _finding(comparison: Comparison) -> str:
    """Return the most different pair of a comparison, and how many others there are."""
    worst, entries = comparison.findings[0], comparison.entries
    a, b = entries[worst.first], entries[worst.second]
    text = (
        f"{titled(comparison)}: the objectives of {a.name} and {b.name} differ by"
        f" {_percent(worst.difference)}, the match score of their factors is only"
        f" {worst.match_score:.3f}"
    )
    early = [one.name for one in (a, b) if not one.is_converged]
    if early:
        text += f" ({' and '.join(early)} stopped before converging)"
    others = len(comparison.findings) - 1
    if others:
        text += f"; so it is with {count(others, 'more pair')}"
    return f"{text}."


def _percent(share: float) -> str:
    """Return a share in per cent; of less than a millionth only that it is less."""
    return "less than 0.0001 %" if share < 1e-6 else f"{number(100 * share, 2)} %"


def _census_blocks(counted: Sequence[Counted]) -> list[Block]:
    if not counted:
        return []
    table = Table(
        id="census",
        caption="How many optima the seeds found",
        columns=[
            Column("Dataset"),
            Column("Solver and start"),
            Column("n_components", True),
            Column("Optima", True, "distinct, among converged runs"),
            Column("Seeds, and how many ended at each optimum"),
            Column("Tolerance", True, "what kappa had to fall below"),
        ],
        rows=[_census_row(one) for one in counted[:MOST_COUNTED]],
        note=_census_note(counted),
        n_headers=3,
    )
    return [Heading("How many optima"), table]


def _census_note(counted: Sequence[Counted]) -> str:
    """Return what counts as one optimum, and what was left out."""
    note = (
        f"Runs whose kappa fell below its tolerance (stop.kkt, else {KAPPA:g}) share an"
        f" optimum if their objectives agree to {SAME_OBJECTIVE:g} and every matched"
        f" cosine is above {SAME_COSINE}."
    )
    if any(one.tolerance > LOOSE for one in counted):
        note += (
            " A loose tolerance makes one optimum look like several:"
            " stop.kkt=1e-8 tells them apart."
        )
    if len(counted) > MOST_COUNTED:
        note += f" {count(len(counted) - MOST_COUNTED, 'further group')} not shown."
    if any(one.n_left_out for one in counted):
        note += (
            f" Not counted: seeds beyond {MOST_SEEDS} of a group, those whose factors"
            " were not kept, and those beyond what is read of large data."
        )
    return note


def _census_row(one: Counted) -> list[Cell]:
    group, found = one.group, one.census
    n = len(found.groups)
    return [
        Cell(group.dataset),
        Cell(group.name),
        Cell(str(group.n_components), sort=float(group.n_components)),
        Cell(str(n) if n else "–", sort=float(n), tone="warning" if n > 1 else ""),
        Cell(found.sentence, sort=float(len(found.not_converged))),
        Cell(f"{one.tolerance:g}", sort=one.tolerance),
    ]


def _galleries(material: Material, found: AlignedRuns) -> list[Block]:
    """Return the comparisons drawn: those with a finding first."""
    known = [
        one
        for one in found.comparisons
        if str(one.group.labels["fingerprint"]) in material.datasets
    ]
    order = sorted(known, key=lambda one: not one.findings)[:MOST_GALLERIES]
    blocks: list[Block] = []
    for at, comparison in enumerate(order):
        dataset = material.datasets[str(comparison.group.labels["fingerprint"])]
        blocks.append(Heading(titled(comparison)))
        blocks += gallery(str(at + 1), dataset, comparison)
        figure = match_heatmap(f"match-scores-{at + 1}", comparison)
        blocks += [figure] if figure else []
        blocks += certificate(comparison)
    left = len(found.comparisons) - len(order) + found.n_left_out
    if left > 0:
        text = f"{count(left, 'further comparison')} not drawn, for length."
        blocks.append(Prose(text, "note"))
    return blocks
