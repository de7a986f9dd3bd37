"""What of a report is asked for by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmflab.report.content import Cards, Figure, Report, Section, Table
from nmflab.report.formats.page import figures_in
from nmflab.report.papers import convergence, sheets, tables
from nmflab.report.papers.asked import FiguresError, near


class Wanted:
    """Which sections, figures and tables are asked for by name."""

    def __init__(self, only: Sequence[str]) -> None:
        self.only = only

    def takes(self, section: str, name: str) -> bool:
        """Return whether something of a section is asked for."""
        return not self.only or any(
            word in (section, name) or name.startswith(f"{word}-") for word in self.only
        )

    def check(self, report: Report) -> None:
        """Raise FiguresError for a name that nothing has."""
        things = list(things_of(report))
        names = {convergence.ID: convergence.ID, **{name: at for at, name in things}}
        known = list(dict.fromkeys([*names.values(), *names]))
        for word in self.only:
            mine = Wanted([word])
            if not any(mine.takes(at, name) for name, at in names.items()):
                there = ", ".join(dict.fromkeys(names.values()))
                raise FiguresError(
                    f"only={word}: this study's report has nothing of that name; there"
                    f" are the sections {there} and the figures and tables in"
                    f" them{near(word, known)}"
                )


def things_of(report: Report) -> Iterator[tuple[str, str]]:
    """Yield section and name of every figure, table and group of cards."""
    for section in report.sections:
        for thing in things_in(section):
            yield section.id, thing.id


def things_in(section: Section) -> list[Figure | Table | Cards]:
    """Return the figures, tables and groups of pictures of a section."""
    return [
        *figures_in(section.blocks),
        *tables.tables_of(section),
        *sheets.cards_of(section.blocks),
    ]
