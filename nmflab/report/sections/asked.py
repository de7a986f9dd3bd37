"""What was asked: the command, the axes and their values, the settings."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from nmflab.report.content import Block, Bullets, Code, Details, Prose, Section
from nmflab.report.numbers import count, listed, moment
from nmflab.report.reading.material import Material
from nmflab.report.tables import flattened, key_values, plain
from nmflab.store import LABELS, Sweep


def asked_section(material: Material) -> Section:
    """Return the question and its set-up."""
    blocks: list[Block] = []
    if not material.sweeps:
        blocks.append(Prose("No command was given to this study yet."))
    for sweep in material.sweeps:
        blocks += _of_sweep(sweep)
    blocks += _left_out(material)
    if len(material.runs):
        axes = [(axis, values(material.runs[axis])) for axis in LABELS]
        table = key_values("axes", "Axes: what was varied", axes, "Axis")
        blocks.append(table)
    if material.sweeps:
        table = key_values("settings", "Settings", _common(material), "Setting")
        blocks.append(Details("Settings, the same for every run", [table]))
    return Section("asked", "What was asked", blocks)


def _left_out(material: Material) -> list[Block]:
    """Return what is missing here since it may not be published."""
    lines = list(dict.fromkeys(material.store.left_out))
    if not lines:
        return []
    text = "This report was made from an archive (nmflab export). Left out of it:"
    return [Prose(text, "note"), Bullets(lines)]


def _common(material: Material) -> Sequence[tuple[str, str]]:
    """Return the settings that every command of the report has alike."""
    first, *others = [settings(sweep.base) for sweep in material.sweeps]
    return [pair for pair in first if all(pair in other for other in others)]


def command(sweep: Sweep) -> str:
    """Return the command line that asks for the same again."""
    return shlex.join(["nmflab", *sweep.command])


def _of_sweep(sweep: Sweep) -> list[Block]:
    end = f"finished {moment(sweep.finished)}" if sweep.finished else "not finished"
    blocks: list[Block] = [
        Prose(f"Asked {moment(sweep.started)}, {end}, with the command"),
        Code(command(sweep)),
    ]
    if sweep.notes:
        blocks.append(Bullets(sweep.notes))
    return blocks


def values(labels: pd.Series[Any]) -> str:
    """Return the distinct values of an axis: a list, or a range of whole numbers."""
    distinct = list(dict.fromkeys(labels.dropna()))
    distinct = [label for label in distinct if label != ""]
    if not distinct:
        return "none"
    whole = sorted(v for v in distinct if isinstance(v, int))
    if len(whole) == len(distinct) > 3 and whole[-1] - whole[0] == len(whole) - 1:
        return f"{whole[0]} to {whole[-1]} ({count(len(whole), 'value')})"
    return listed([plain(v) for v in (whole or distinct)], 12)


def settings(base: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return what does not vary: the base configuration without its axes."""
    rest = {name: value for name, value in base.items() if name not in LABELS}
    return flattened(rest)
