"""The table of held-out errors: chosen configurations, baselines set apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nmflab.report.content import Block, Cell, Column, Details, Table, Tone
from nmflab.report.numbers import count, number
from nmflab.report.reading.groups import Stat
from nmflab.report.reading.measures import hint
from nmflab.report.sections.held_out.family import ROW, Family, stat_of
from nmflab.report.sections.held_out.measures import Measured, baselines, is_first
from nmflab.report.sections.results.cells import stat_cell
from nmflab.selection import CONFIGURATION, TUNED, in_words

if TYPE_CHECKING:
    import pandas as pd


def held_out_tables(
    family: Family, info: Mapping[str, Mapping[str, Any]]
) -> list[Block]:
    """Return the table of a family, one of its rankings, a folded one of the rest.

    Parameters
    ----------
    info : mapping
        Of the metrics, as the store has it.
    """
    ranked = [measure for measure in family.measures if measure.higher]
    plain = [measure for measure in family.measures if not measure.higher]
    errors = [m for m in plain if is_first(m) and not family.events]
    rest = [m for m in plain if m not in errors]
    columns = _columns(family)
    names = [column for column in columns if column.heads]
    table_id, title = f"held-out-{family.id}", family.title
    if not errors:
        errors, ranked = ranked, []
    caption = f"Held-out cells of {title}"
    blocks: list[Block] = [_table(family, table_id, caption, columns, errors, info)]
    if ranked:
        caption = f"Ranking of what rows had not seen: {title}"
        ranking = _table(family, f"{table_id}-ranking", caption, names, ranked, info)
        blocks.append(ranking)
    if rest:
        caption = f"More measures on the held-out cells of {title}"
        folded = _table(family, f"{table_id}-more", caption, names, rest, info)
        blocks.append(Details("More measures on the held-out cells", [folded]))
    return blocks


@dataclass(frozen=True)
class _Said:
    """A column that is not of a measure, and what it says of a row."""

    column: Column
    cell: Callable[[pd.DataFrame], Cell]
    heads: bool = False
    last: bool = False


def _columns(family: Family) -> list[_Said]:
    choices = family.choices
    cased = bool((family.runs["case"] != "").any())
    found = [_Said(Column("Case" if cased else "Model"), _name, heads=True)]
    if choices["init"].nunique() > 1:
        found.append(_Said(Column("Init"), _init, heads=True))
    configured = Column("Configuration", hint="what was chosen, and how")
    found.append(_Said(configured, lambda rows: _configuration(family, rows)))
    if choices["validation"].notna().any():
        events = "cells=positive" in str(family.runs["split"].iloc[0])
        name = "Validation, percentile rank" if events else "Validation RMSE"
        found.append(_Said(Column(name, True, _VALIDATION), _validation))
    if (choices["n_configurations"] > 1).any():
        tuned = Column("Best on its own test cells", True, _TUNED)
        found.append(_Said(tuned, _tuned, last=True))
    return found


_VALIDATION = "on the validation cells, which chose the configuration; lower is better"
_TUNED = (
    "the best test figure of any configuration tried: the test cells themselves chose"
    " it, so that it flatters"
)


def _table(
    family: Family,
    table_id: str,
    caption: str,
    said: Sequence[_Said],
    measures: Sequence[Measured],
    info: Mapping[str, Mapping[str, Any]],
) -> Table:
    before = [one for one in said if not one.last]
    after = [one for one in said if one.last]
    lines = [
        [
            *(one.cell(rows) for one in before),
            *(_measure_cell(family, rows, measure) for measure in measures),
            *(one.cell(rows) for one in after),
        ]
        for rows in family.rows
    ]
    references = [
        [
            Cell(name, "baseline, no factors"),
            *[Cell("")] * (len(before) - 1),
            *cells,
            *[Cell("")] * len(after),
        ]
        for name, cells in _references(family, measures)
    ]
    return Table(
        table_id,
        caption,
        [
            *(one.column for one in before),
            *(Column(m.title, True, hint(m.metric, info)) for m in measures),
            *(one.column for one in after),
        ],
        [*lines, *references],
        n_headers=sum(one.heads for one in before),
        n_reference=len(references),
    )


def _name(rows: pd.DataFrame) -> Cell:
    first = rows.iloc[0]
    if first["zero_filled"]:
        return Cell(str(first["variant"]), "missing taken as 0", tone="danger")
    return Cell(str(first["variant"]))


def _init(rows: pd.DataFrame) -> Cell:
    return Cell(str(rows["init"].iloc[0]))


def _configuration(family: Family, rows: pd.DataFrame) -> Cell:
    """Return what was chosen; where folds chose differently, how often each."""
    said = [in_words(one, _tried(family, rows)) for one in rows.to_dict("records")]
    times = {text: said.count(text) for text in dict.fromkeys(said)}
    ordered = sorted(times.items(), key=lambda item: -item[1])
    text = "; ".join(
        text if len(times) == 1 else f"{text} ({n} of {len(said)})"
        for text, n in ordered
    )
    by_test = (rows["chosen_by"] == "test").any()
    tone: Tone = "danger" if by_test else ""
    return Cell(text, ", ".join(_how(family, rows)), tone=tone)


def _tried(family: Family, rows: pd.DataFrame) -> list[Any]:
    """Return the configurations a row was chosen from; Any: a record by column."""
    runs, first = family.runs, rows.iloc[0]
    for name in ROW:
        runs = runs[runs[name] == first[name]]
    found: list[Any] = runs[list(CONFIGURATION)].drop_duplicates().to_dict("records")
    return found


def _how(family: Family, rows: pd.DataFrame) -> list[str]:
    tried = int(rows["n_configurations"].max())
    by = set(rows["chosen_by"])
    parts = []
    if "test" in by:
        parts.append(f"{TUNED}, out of {tried}")
    elif tried > 1:
        parts.append(f"out of {tried} by validation")
    parts.append(count(int(rows["n_seeds"].min()), "seed"))
    n = len(rows)
    if family.n_folds > 1:
        whole = n == family.n_folds
        of = "" if whole else f"of {family.n_folds} "
        parts.append(f"{n} {of}{family.unit}s{'' if whole else ' only'}")
    return parts


def _validation(rows: pd.DataFrame) -> Cell:
    found = rows["validation"].dropna()
    stat = stat_of([rows.loc[[at], "validation"] for at in found.index])
    return stat_cell(stat)


def _measure_cell(family: Family, rows: pd.DataFrame, measure: Measured) -> Cell:
    stat = family.stat(rows, measure.metric)
    cell = stat_cell(stat)
    if stat is not None and (rows["chosen_by"] == "test").any():
        return Cell(cell.text, TUNED, cell.sort, "danger")
    return cell


def _tuned(rows: pd.DataFrame) -> Cell:
    found = rows["tuned"].dropna()
    if found.empty:
        return Cell("–", sort=float("inf"))
    return Cell(number(float(found.mean())), TUNED, float(found.mean()), "warning")


def _references(
    family: Family, measures: Sequence[Measured]
) -> list[tuple[str, list[Cell]]]:
    """Return the baselines that were measured, and their cells, the best first."""
    runs = family.runs
    found = []
    for name, prefix in baselines(runs.columns, family.measures).items():
        if family.events and prefix.startswith("rating_"):
            continue  # they learned from events alone, where no value is 0
        stats = [_reference(runs, f"{prefix}{measure.name}") for measure in measures]
        if any(stats):
            place = next(stat.mean for stat in stats if stat)
            found.append((place, name, [stat_cell(stat) for stat in stats]))
    higher = bool(measures) and measures[0].higher
    found.sort(key=lambda one: -one[0] if higher else one[0])
    return [(name, cells) for _, name, cells in found]


def _reference(runs: pd.DataFrame, metric: str) -> Stat | None:
    """Return a baseline's figure over folds; within one it is the same in all runs."""
    if metric not in runs:
        return None
    folds = runs.groupby(["fold", "split_seed"])[metric].mean().dropna()
    return stat_of([folds.loc[[at]] for at in folds.index])
