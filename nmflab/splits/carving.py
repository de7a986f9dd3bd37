"""What splits share: candidates, shares, and what is said of both."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from nmflab.splits.cells import Candidates, HeldOut, ObservedCells, Positions


def settle(split: object, key: str, choices: type[Enum]) -> None:
    """Turn a word given for an enumeration into its member, in place.

    Configurations hold members already; Python callers may write ``by="columns"``.

    Raises
    ------
    ValueError
        For a word that is none of the choices, naming the key and the choices.
    """
    given = getattr(split, key)
    if isinstance(given, choices):
        return
    if given not in choices.__members__:
        words = ", ".join(choices.__members__)
        raise ValueError(f"split.{key} must be one of {words}, got {given!r}")
    object.__setattr__(split, key, choices[given])  # the dataclass is frozen


def check_share(key: str, share: float, of: str, *, zero: bool = True) -> None:
    """Raise ValueError unless ``0 <= share < 1``; 0 itself only where `zero`."""
    if not ((share >= 0 if zero else share > 0) and share < 1):
        least = ">=" if zero else ">"
        raise ValueError(
            f"split.{key} must be {least} 0 and < 1, a share of the {of} cells, got"
            f" {share}"
        )


def candidates(observed: ObservedCells, cells: Candidates) -> Positions:
    """Return the sorted positions of the cells that may be held out.

    Raises
    ------
    ValueError
        If there is none.
    """
    if cells is Candidates.positive:
        found = np.flatnonzero(observed.values > 0)
        lack = "split.cells=positive: no cell of X is above 0"
    else:
        found, lack = np.arange(len(observed)), "split: no cell of X is observed"
    if not found.size:
        raise ValueError(f"{lack}, so none can be held out; use split=none")
    return found


def rest(pool: Positions, taken: Positions) -> Positions:
    """Return the positions of the pool that were not taken; both are sorted."""
    return pool[~np.isin(pool, taken, assume_unique=True)]


def n_validation(share: float, n_training: int) -> int:
    """Return how many of the training cells are carved for validation.

    Raises
    ------
    ValueError
        If a share asked for comes to no cell, or to all.
    """
    n_wanted = round(share * n_training)
    if share and not 0 < n_wanted < n_training:
        what = "leaves no" if n_wanted else "is less than one"
        raise ValueError(
            f"split.validation={share} {what} cell of the {n_training:,} there are for"
            " training; choose another share, or 0 for no validation"
        )
    return n_wanted


def carve(training: Positions, share: float, rng: np.random.Generator) -> Positions:
    """Return a random share of the training cells, sorted, for validation."""
    n_wanted = n_validation(share, training.size)
    return np.sort(rng.permutation(training)[:n_wanted])


def told(
    observed: ObservedCells,
    cells: Candidates,
    *,
    pool: Positions,
    test: Positions,
    validation: Positions,
    notes: tuple[str, ...] = (),
) -> HeldOut:
    """Return the held-out cells, with what every split has to say of them.

    Raises
    ------
    ValueError
        If no cell is left for training.
    """
    n_held = test.size + validation.size
    if n_held == pool.size:
        raise ValueError(
            f"split: all {counted(n_held, 'cell')} are held out and none is left for"
            " training; hold out fewer"
        )
    held = HeldOut(validation, test, as_zero=cells is Candidates.positive)
    stranded = _without_training(observed, pool, held)
    return replace(held, notes=(*notes, *stranded, *as_zeros(cells, n_held)))


def as_zeros(cells: Candidates, n_held: int) -> tuple[str, ...]:
    """Say what becomes of held-out cells that count as 0; nothing otherwise."""
    if cells is not Candidates.positive:
        return ()
    return (
        f"{counted(n_held, 'nonzero cell')} {be(n_held)} held out and {count(n_held)}"
        " as 0 in training, as cells without an event do: judge them by their rank",
    )


def _without_training(
    observed: ObservedCells, pool: Positions, held: HeldOut
) -> tuple[str, ...]:
    """Say how many rows and columns have lost all their cells."""
    training = rest(rest(pool, held.test), held.validation)
    kind = "nonzero training cell" if held.as_zero else "training cell"
    notes = []
    for word, lines, length in (
        ("row", observed.rows, observed.shape[0]),
        ("column", observed.columns, observed.shape[1]),
    ):
        n_cells, n_training, n_test = (
            np.bincount(lines[at], minlength=length)
            for at in (pool, training, held.test)
        )
        is_empty = (n_training == 0) & (n_cells > 0)
        n_empty, n_tested = int(is_empty.sum()), int(n_test[is_empty].sum())
        if n_empty:
            notes.append(
                f"{counted(n_empty, word)} {have(n_empty)} no {kind}: predictions there"
                " rest on penalties and offsets, else on the solver"
                f" ({counted(n_tested, 'test cell')})"
            )
    return tuple(notes)


def turn(lines: npt.NDArray[np.integer]) -> Positions:
    """Return, for each entry, how many equal ones stand before it."""
    order = np.argsort(lines, kind="stable")
    ordered = lines[order]
    is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    at = np.arange(lines.size)
    found = np.empty(lines.size, dtype=np.intp)
    found[order] = at - np.maximum.accumulate(np.where(is_first, at, 0))
    return found


def counted(n: int, word: str) -> str:
    """Return "1 row", "12 rows"."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def have(n: int) -> str:
    """Return the verb that follows a count."""
    return "has" if n == 1 else "have"


def count(n: int) -> str:
    """Return the verb that follows a count."""
    return "counts" if n == 1 else "count"


def be(n: int) -> str:
    """Return the verb that follows a count."""
    return "is" if n == 1 else "are"
