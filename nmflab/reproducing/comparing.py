"""Two studies, or two commands of one, held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.config import ConfigError
from nmflab.report.numbers import listed
from nmflab.reproducing.averages import averages
from nmflab.reproducing.digits import digits, one_sided
from nmflab.reproducing.figures import Figure, Judge
from nmflab.reproducing.pairing import Pair, Side, paired, run_names, side_of
from nmflab.reproducing.record import study_in
from nmflab.reproducing.speed import Speed, speed
from nmflab.reproducing.surroundings import Surroundings, surroundings
from nmflab.reproducing.verdicts import DIFFERENT, worst
from nmflab.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StatusChange:
    """A run that ended otherwise in the second study than in the first."""

    run: str
    first: str
    second: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """What is the same in two studies, and what is not.

    Parameters
    ----------
    first, second : str
        What they are called.
    n_pairs : int
        Runs that both planned.
    digits : list of Figure
        Every figure of every pair of finished runs.
    averages : list of Figure
        Means over seeds and ranks as the reports show them.
    statuses : list of StatusChange
    only_first, only_second : list of str
        Names of runs that only one of the two planned.
    surroundings : Surroundings
        Versions, configuration and data that differ.
    speed : Speed
    tolerance : float or None
        As it was given; None for that of each run's dtype.
    clocked : frozenset of str
        Runs of the first, by key, that were ended by ``stop.max_seconds`` in either:
        their digits depend on the speed of the machine.
    notes : list of str
    """

    first: str
    second: str
    n_pairs: int
    digits: list[Figure] = field(repr=False)
    averages: list[Figure] = field(repr=False)
    statuses: list[StatusChange]
    only_first: list[str]
    only_second: list[str]
    surroundings: Surroundings
    speed: Speed
    tolerance: float | None = None
    clocked: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        from nmflab.reproducing.lines import plain_text
        from nmflab.reproducing.text import told

        return plain_text(told(self))

    @property
    def verdict(self) -> str:
        """The worst verdict on any figure; see `nmflab.reproducing.verdicts`."""
        return worst({one.verdict for one in (*self.digits, *self.averages)})

    def frame(self) -> pd.DataFrame:
        """Return every figure, a row each; means and ranks with keys of best runs."""
        import pandas as pd

        figures = [*self.digits, *self.averages]
        return pd.DataFrame(figures, columns=list(Figure._fields))

    @property
    def is_same(self) -> bool:
        """Whether every figure of every run is the same, at least within tolerance.

        Where no run ended well in both there is no figure, and nothing is known.
        """
        runs = self.statuses or self.only_first or self.only_second
        return self.verdict != DIFFERENT and not runs and bool(self.digits)

    @property
    def exit_code(self) -> int:
        """0: the same, 1: not."""
        return 0 if self.is_same else 1


def compared(first: Side, second: Side, tolerance: float | None = None) -> Comparison:
    """Return what is the same in two studies, and what is not."""
    pairs = paired(first, second)
    matched, judge = pairs.pairs, Judge(tolerance)
    ours, theirs = run_names(first.runs), run_names(second.runs)
    return Comparison(
        first=first.title,
        second=second.title,
        n_pairs=len(matched),
        digits=digits(first, second, matched, judge),
        averages=averages(first, second, matched, judge),
        statuses=_statuses(first, second, matched),
        only_first=[ours[key] for key in pairs.only_first],
        only_second=[theirs[key] for key in pairs.only_second],
        surroundings=surroundings(first, second, matched),
        speed=speed(first, second, matched),
        tolerance=tolerance,
        clocked=_clocked(first, second, matched),
        notes=[*_one_sided(first, second, matched), *_notes(first, second)],
    )


def _one_sided(first: Side, second: Side, pairs: Sequence[Pair]) -> list[str]:
    """Return which figures cannot be compared, since one of the two has none."""
    only = zip(("first", "second"), one_sided(first, second, pairs), strict=True)
    return [
        f"only the {which} has these figures: {listed(names, 12)}"
        for which, names in only
        if names
    ]


def _statuses(first: Side, second: Side, pairs: Sequence[Pair]) -> list[StatusChange]:
    changes = []
    for pair in pairs:
        before, after = first.runs.loc[pair.first], second.runs.loc[pair.second]
        if before["status"] != after["status"]:
            told = after if after["status"] != "ok" else before
            changes.append(
                StatusChange(
                    pair.run,
                    str(before["status"]),
                    str(after["status"]),
                    str(told["reason"] or ""),
                )
            )
    return changes


def _clocked(first: Side, second: Side, pairs: Sequence[Pair]) -> frozenset[str]:
    return frozenset(
        pair.first
        for pair in pairs
        if "max_seconds"
        in (first.runs["stop"][pair.first], second.runs["stop"][pair.second])
    )


def _notes(first: Side, second: Side) -> list[str]:
    """Return what a reader must know of how the two were compared."""
    notes = []
    for side in (first, second):
        if n := int(side.runs["reused"].sum()):
            notes.append(
                f"{n} of the runs of {side.title} were made by an earlier command of"
                " that study; the versions told are those of this command"
            )
        counts = Counter(side.runs["status"])
        if n := counts.get("left", 0):
            notes.append(f"{n} runs of {side.title} were not made yet")
    if set(first.runs.index) & set(second.runs.index) and _is_one(first, second):
        notes.append(
            "a run that both commands asked for was made once, so it is compared with"
            " itself"
        )
    return notes


def _is_one(first: Side, second: Side) -> bool:
    return first.store.folder.resolve() == second.store.folder.resolve()


def compare_studies(
    first: Path,
    second: Path | None = None,
    *,
    sweeps: Collection[int] = (),
    tolerance: float | None = None,
) -> Comparison:
    """Return what changed from one study to another, or from one command to the next.

    Parameters
    ----------
    first : Path
        A study's folder, or an archive of one.
    second : Path, optional
        Another; by default the same.
    sweeps : two int, optional
        Numbers of the commands. By default the last of each, and of one study the last
        two.
    tolerance : float, optional
        Relative difference that counts as none; by default the square root of the
        precision of each run's dtype.

    Raises
    ------
    ConfigError
        If there is no such command, one study has only one, or an archive cannot be
        read.
    StoreError
        If a folder holds no study.
    """
    with _opened(first) as ours, _opened(second or first) as theirs:
        numbers: list[int | None] = list(sweeps)
        if not numbers:
            alone = second is None or second.resolve() == first.resolve()
            numbers = [*_last_two(ours, first)] if alone else [None, None]
        if len(numbers) != 2:
            raise ConfigError(
                f"compare: sweeps={','.join(map(str, numbers))} names {len(numbers)};"
                " give two numbers of commands, as in sweeps=1,2"
            )
        return compared(
            side_of(ours, numbers[0], name=str(first)),
            side_of(theirs, numbers[1], name=str(second or first)),
            tolerance,
        )


@contextmanager
def _opened(study: Path) -> Iterator[Store]:
    """Open what a study was measured to be: its folder, or an archive."""
    with study_in(study) as folder:
        if folder != study and not (folder / "runs.sqlite").exists():
            raise ConfigError(
                f"{study} holds no runs.sqlite, so there are no digits to compare"
            )
        with Store.open(folder) as store:
            yield store


def _last_two(store: Store, study: Path) -> list[int]:
    numbers = [sweep.id for sweep in store.sweeps()]
    if len(numbers) < 2:
        raise ConfigError(
            f"compare: {study} is one study, and {len(numbers)} command was given to"
            " it; name another study to compare it with"
        )
    return numbers[-2:]
