"""A report as Markdown: the same sentences and tables, figures as files beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nmflab.report.content import (
    Block,
    Bullets,
    Card,
    Cards,
    Cell,
    Code,
    Details,
    Figure,
    Heading,
    Prose,
    Report,
    Table,
)

_MARKS = {"danger": "**Warning:** ", "warning": "**Note:** ", "note": "", "good": ""}
_SPECIAL = re.compile(r"([\\`*_\[\]|#])")


def markdown(report: Report) -> str:
    """Return the whole report as Markdown that renders on a code host."""
    lines = [f"# {escaped(report.study)}", ""]
    shown = [f"{s.count:,} {s.label}" for s in report.statuses if s.count]
    lines += [", ".join(shown) or "nothing planned", "", "## Summary", ""]
    lines += _summary(report)
    for section in report.sections:
        lines += [f"## {escaped(section.title)}", ""]
        lines += _blocks(section.blocks)
    lines += [f"nmflab {report.version}, {report.created}", ""]
    return "\n".join(lines)


def _summary(report: Report) -> Iterator[str]:
    """Yield the sentences under their questions, each with the section it leads to."""
    titles = {section.id: section.title for section in report.sections}
    topic = ""
    for sentence in report.headline:
        if sentence.topic not in ("", topic):
            topic = sentence.topic
            yield f"### {escaped(topic)}\n"
        title = titles.get(sentence.target)
        see = f" *({escaped(title)})*" if title else ""
        yield f"{escaped(sentence.text)}{see}\n"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, markup and HTML included."""
    return _SPECIAL.sub(r"\\\1", html.escape(text.replace("\n", " "), quote=False))


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Prose():
                yield f"{_MARKS.get(block.tone, '')}{escaped(block.text)}\n"
            case Heading():
                yield f"### {escaped(block.text)}\n"
            case Bullets():
                yield "\n".join(f"- {escaped(item)}" for item in block.items) + "\n"
            case Code():
                yield _code(block.text)
            case Figure():
                yield _figure(block)
            case Table():
                yield table_text(_cut(block))
            case Cards():
                yield _cards(block)
            case Details():
                yield f"<details><summary>{html.escape(block.summary)}</summary>\n"
                yield from _blocks(block.blocks)
                yield "</details>\n"
            case _:  # a plugin's HTML has no Markdown
                yield "See index.html.\n"


def _code(text: str) -> str:
    """Return a fenced block whose fence is longer than any run of backticks in it."""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}\n"


def _figure(figure: Figure) -> str:
    title = escaped(figure.title)
    return (
        f"![{title}](figures/{figure.id}.svg)\n\n{title}. {escaped(figure.caption)}\n"
    )


def _cards(cards: Cards) -> str:
    lines = [f"**{escaped(cards.caption)}**\n"]
    lines += [f"{escaped(cards.note)}\n"] if cards.note else []
    return "\n".join([*lines, *map(_card, cards.cards)])


def _card(card: Card) -> str:
    detail = f" ({escaped(card.detail)})" if card.detail else ""
    lines = [f"{escaped(card.title)}{detail}"]
    lines += [f"![{escaped(p.words)}](figures/{p.id}.svg)" for p in card.pictures]
    lines += [f"{one.title}: {escaped(', '.join(one.names))}" for one in card.lists]
    return "  \n".join(lines) + "\n"


MOST_ROWS = 200
"""Rows of a table in Markdown; the page and runs.csv hold all."""


def _cut(table: Table) -> Table:
    left = len(table.rows) - MOST_ROWS
    if left <= 0:
        return table
    note = f"{left:,} more rows on the page, and in runs.csv. {table.note}".rstrip()
    return replace(table, rows=table.rows[:MOST_ROWS], note=note)


def table_text(table: Table) -> str:
    """Return a table, its caption above and its note below."""
    names = [escaped(column.title) or " " for column in table.columns]
    rules = ["---:" if column.numeric else "---" for column in table.columns]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    lines = [f"**{escaped(table.caption)}**", ""]
    lines += [f"| {' | '.join(line)} |" for line in (names, rules, *rows)]
    if table.note:
        lines += ["", escaped(table.note)]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    return f"{text} ({escaped(cell.detail)})" if cell.detail else text
