"""What a dataset knows of each of its cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nmflab.splits.cells import ObservedCells


def of_cells(
    observed: ObservedCells, key: str, user: str, instead: str = ""
) -> npt.NDArray[np.generic]:
    """Return an extra that has one value for each observed cell.

    Parameters
    ----------
    observed : ObservedCells
    key : str
        Its name.
    user, instead : str
        For the message: what needs it, and a sentence on what would do without.

    Raises
    ------
    ValueError
        If the dataset has none of that name, or one of other things than these cells;
        names the extras there are.
    """
    value = observed.extras.get(key)
    if isinstance(value, np.ndarray) and _fits(value, observed):
        return value
    if value is None:
        what = f"the dataset has no {key}"
    else:
        what = (
            f"the dataset's {key} has {np.size(value):,} values for {len(observed):,}"
            " cells, not one each"
        )
    fitting = [k for k, v in sorted(observed.extras.items()) if _fits(v, observed)]
    sentences = [
        f"{user}: {what}",
        f"Known of each cell that may be held out: {', '.join(fitting) or 'nothing'}",
    ]
    if len(observed) == observed.shape[0] * observed.shape[1]:
        sentences.append(
            "Of a sparse X whose zeros are values only the nonzero cells are described:"
            " split.cells=positive"
        )
    raise ValueError(". ".join([*sentences, instead] if instead else sentences))


def _fits(value: object, observed: ObservedCells) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (len(observed),)


def timestamps(
    observed: ObservedCells, user: str, instead: str
) -> npt.NDArray[np.int64]:
    """Return the time of each observed cell, seconds since 1970.

    Raises
    ------
    ValueError
        As `of_cells`, or if they are no whole numbers.
    """
    times = of_cells(observed, "timestamps", user, instead)
    if not np.issubdtype(times.dtype, np.integer):
        raise ValueError(
            f"{user}: the dataset's timestamps are {times.dtype}, not whole seconds"
            " since 1970; convert them to int64"
        )
    return times.astype(np.int64)
