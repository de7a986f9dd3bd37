"""Which way round two factors fit the data: as given, transposed, or exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from nmflab.config import ConfigError
from nmflab.contracts import Factors, Matrix
from nmflab.scoring.files import Factor

Pair = tuple[Factor, Factor]

_WAYS: tuple[tuple[str, Callable[[Factor, Factor], Pair]], ...] = (
    ("", lambda W, H: (W, H)),
    ("{W} is {Ws}: taken transposed", lambda W, H: (W.T, H)),
    ("{H} is {Hs}: taken transposed", lambda W, H: (W, H.T)),
    ("{W} is {Ws} and {H} is {Hs}: both taken transposed", lambda W, H: (W.T, H.T)),
    (
        "{W} is {Ws} and {H} is {Hs}: they fit X with samples in columns, so W is taken"
        " from the second and H from the first, both transposed",
        lambda W, H: (H.T, W.T),
    ),
    (
        "{W} is {Ws} and {H} is {Hs}: they fit exchanged, so W is taken from the second"
        " and H from the first",
        lambda W, H: (H, W),
    ),
)
"""Sentences and readings, the first that fits is taken."""


def fitted_to(
    W: Factor,
    H: Factor,
    shape: tuple[int, int],
    row_names: Sequence[str] | None = None,
    column_names: Sequence[str] | None = None,
) -> tuple[Factors, list[str]]:
    """Return the factors of X in its order, and what was done to get there.

    As given where that fits, whatever else would fit too; else the first other reading
    that does. A line that only counts (0, 1, 2, ...) may be left out for it. Lines that
    have the names of the data in another order are brought into theirs.

    Parameters
    ----------
    W, H : Factor
    shape : tuple of int
        ``(n_samples, n_features)`` of X.
    row_names, column_names : sequences of str, optional
        Of the data.

    Raises
    ------
    ConfigError
        If no reading fits, with the shapes given and those that would.
    """
    for (one, said_W), (other, said_H) in product(_readings(W), _readings(H)):
        for sentence, turn in _WAYS:
            left, right = turn(one, other)
            if _fits(left, right, shape):
                notes = [said_W, said_H, _filled(sentence, one, other)]
                left, said_rows = _in_order(left, row_names, "row")
                right, said_columns = _in_order(right, column_names, "column")
                factors = Factors(left.values, right.values)
                notes += [said_rows, said_columns]
                return factors, [note for note in notes if note]
    raise ConfigError(_unfit(W, H, shape))


def vector(factor: Factor, length: int, what: str) -> Matrix:
    """Return an offset as a vector: one number for each row, or column, of X."""
    if factor.values.size != length or min(factor.values.shape) != 1:
        raise ConfigError(
            f"{factor.source}: it is {factor.shape_text}; an offset holds one number"
            f" for each {what} of X, of which there are {length}"
        )
    return np.ascontiguousarray(factor.values.ravel())


def _fits(W: Factor, H: Factor, shape: tuple[int, int]) -> bool:
    (n, r), (s, m) = W.values.shape, H.values.shape
    return (n, m) == shape and r == s


def _filled(sentence: str, W: Factor, H: Factor) -> str:
    return sentence.format(W=W.source, Ws=W.shape_text, H=H.source, Hs=H.shape_text)


def _readings(factor: Factor) -> Iterator[tuple[Factor, str]]:
    """Yield the factor, and without its first line where that only counts."""
    yield factor, ""
    values = factor.values
    if factor.column_names is None and len(values) > 1 and _counts(values[0]):
        rest = replace(factor, values=values[1:].copy())
        yield rest, f"{factor.source}: its first row only counts and is left out"
    if factor.row_names is None and values.shape[1] > 1 and _counts(values[:, 0]):
        rest = replace(factor, values=np.ascontiguousarray(values[:, 1:]))
        yield rest, f"{factor.source}: its first column only counts and is left out"


def _counts(line: Matrix) -> bool:
    return bool(line[0] in (0, 1) and np.array_equal(line, line[0] + range(line.size)))


def _in_order(
    factor: Factor, wanted: Sequence[str] | None, what: str
) -> tuple[Factor, str]:
    """Return the factor with its rows (of H: columns) in the order of the data."""
    turned = factor if what == "row" else factor.T
    there = turned.row_names
    if there is None or wanted is None or list(there) == list(wanted):
        return factor, ""
    known = {name: at for at, name in enumerate(there)}
    n_known = len(known.keys() & set(wanted))
    if n_known == len(there) == len(set(wanted)):
        order = [known[name] for name in wanted]
        ordered = replace(turned, values=turned.values[order], row_names=list(wanted))
        said = f"{factor.source}: {what}s brought into the order of the data's names"
        return (ordered if what == "row" else ordered.T), said
    if n_known == 0:
        return factor, ""
    return factor, (
        f"{factor.source}: {n_known} of its {len(there)} {what} names are names of the"
        f" data, which is too few to go by: its {what}s are taken in their order"
    )


def _unfit(W: Factor, H: Factor, shape: tuple[int, int]) -> str:
    n, m = shape
    return (
        f"{W.source} is {W.shape_text} and {H.source} is {H.shape_text}, and X is"
        f" {n} x {m} (samples x features): W must be {n} x r and H r x {m} with the"
        " same r. They fit neither so, nor transposed or exchanged; check that they are"
        " of this dataset, with its parameters (dataset.x=...)"
    )
