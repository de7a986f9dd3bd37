"""Held-out error as a question: chosen by validation, or with nothing to choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from nmflab.report.numbers import listed
from nmflab.report.reading.material import FAILED, Material
from nmflab.report.sections.comparisons.planned import once, why_missing
from nmflab.report.sections.comparisons.questions import Question, enough, named
from nmflab.report.sections.held_out.family import Family
from nmflab.report.sections.held_out.measures import measured
from nmflab.selection import choose, family, plain_name

_KINDS = {
    True: "each configuration chosen by validation cells",
    False: "one configuration each, nothing chosen",
}


def held_out_questions(
    material: Material, families: Sequence[Family]
) -> list[Question]:
    """Return the questions of the held-out error, tuned apart from not tuned.

    Parameters
    ----------
    material : Material
    families : sequence of Family
        As `nmflab.report.sections.held_out.section.families` returns them.
    """
    if not families:
        return []
    runs = pd.concat([family.runs for family in families])
    blocks = list(runs.groupby(["weighting", "split_family"], sort=False, dropna=False))
    return [
        question
        for at, ((weighting, kind), rows) in enumerate(blocks, start=1)
        for question in _of_block(material, rows, f"{weighting} {kind}", at)
    ]


def _of_block(
    material: Material, runs: pd.DataFrame, said: str, at: int
) -> Iterator[Question]:
    measures = measured(name for name in runs.columns if runs[name].notna().any())
    if runs["events"].any():  # judged by rankings; see held_out.family.Family
        measures.sort(key=lambda measure: not measure.higher)
    if not measures:
        return
    main = measures[0]
    choices = choose(runs, main.metric, higher=main.higher)
    honest = choices[choices["chosen_by"] != "test"]
    dishonest = sorted(set(choices["variant"]) - set(honest["variant"]))
    tuned = honest["n_configurations"] > 1
    for part, kind in enumerate((True, False), start=1):
        frame = _frame(material, runs, honest[tuned == kind], main.metric)
        compared = enough(frame) if len(frame) else None
        if compared is None:
            continue
        rows, left = compared
        if dishonest:
            left = (*left, _UNTOLD.format(listed(dishonest)))
        yield Question(
            id=f"held-out-{at}-{part}",
            what=f"{main.title} on held-out cells",
            title=f"{main.title} on held-out cells",
            which=f"{said.removeprefix('none ')}; {_KINDS[kind]}",
            frame=rows.rename(columns={"loss": "value"}),
            cell=("fold", "split_seed"),
            higher=main.higher,
            relative=False if main.higher else None,
            missing=why_missing(rows),
            left_out=left,
        )


_UNTOLD = (
    "{} had several configurations and no validation cells to choose by: their test"
    " cells would have chosen, so they are not compared."
)


def _frame(
    material: Material, runs: pd.DataFrame, choices: pd.DataFrame, metric: str
) -> pd.DataFrame:
    """Return the chosen runs, and the failed ones of methods that finished nowhere."""
    keys = {key for chosen in choices["keys"] for key in chosen}
    ok = runs[runs["key"].isin(keys)]
    frame = ok.assign(
        place=ok["dataset"], loss=ok[metric], variant=_variant(ok), status="ok"
    )
    failed = _failed(material, frame)
    parts = [part[_COLUMNS] for part in (frame, failed) if len(part)]
    both = pd.concat(parts, ignore_index=True) if parts else frame[_COLUMNS]
    return named(once(both, ["fold", "split_seed", "variant", "init"]))


def _failed(material: Material, frame: pd.DataFrame) -> pd.DataFrame:
    """Return failed runs like those of `frame` where their method has no other."""
    runs = material.runs[material.runs["status"].isin(FAILED)]
    kinds = pd.Series([family(str(s)) for s in runs["split"]], runs.index, "str")
    runs = runs[kinds.isin(set(frame["split_family"]))]
    case = runs["case"].where(runs["case"] != "", runs["solver"].map(plain_name))
    runs = runs.assign(
        place=runs["dataset"], variant=case, loss=float("nan"), fold=-1, split_seed=0
    )
    of = ["place", "variant", "init"]
    known = pd.MultiIndex.from_frame(frame[of])
    asked = runs["variant"].isin(set(frame["variant"]))
    asked &= runs["place"].isin(set(frame["place"]))
    lost = runs[asked & ~pd.MultiIndex.from_frame(runs[of]).isin(known)]
    return lost.drop_duplicates([*of, "seed"])


_COLUMNS = [
    "place",
    "variant",
    "init",
    "fold",
    "split_seed",
    "seed",
    "loss",
    "status",
    "start_hash",
]


def _variant(runs: pd.DataFrame) -> list[str]:
    return [
        f"{variant}, missing taken as 0" if filled else str(variant)
        for variant, filled in zip(runs["variant"], runs["zero_filled"], strict=True)
    ]
