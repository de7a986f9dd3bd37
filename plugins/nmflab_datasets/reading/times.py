"""The time of each entry of a list, in whole seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.lines import is_number
from nmflab_datasets.reading.table import refuse

Seconds: TypeAlias = npt.NDArray[np.int64]

WANTED = "seconds since 1970 or an ISO date, such as 2024-05-31 or 2024-05-31T18:30:00"

_LATEST = 1e11
"""In the year 5138; what is larger was counted in smaller units."""


def seconds_of(path: Path, times: Any, where: Callable[[int], str]) -> Seconds:
    """Return the times of a list's entries, fractions of a second cut off.

    Parameters
    ----------
    times : Series
        Of numbers, texts or moments; ISO dates without a zone are UTC.
    where : callable
        Names an entry by its line, for messages.

    Raises
    ------
    ValueError
        For the first entry that is neither a number nor an ISO date; or if the numbers
        are beyond the year 5000, or read as days written without dashes.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        return _whole(path, times, pd.to_datetime(times, utc=True), where)
    if pd.api.types.is_numeric_dtype(times.dtype) or is_number(str(times.iloc[0])):
        found: npt.NDArray[np.float64] = pd.to_numeric(times, errors="coerce").to_numpy(
            dtype=np.float64, na_value=np.nan
        )
        bad = ~np.isfinite(found)
        if bad.any():
            raise _no_time(path, times, int(np.argmax(bad)), where)
        _doubt(path, found, where)
        seconds: Seconds = np.floor(found).astype(np.int64)
        return seconds
    texts = times.astype(str).str.strip()
    moments = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    # What is a number as well is no date among dates: "2024" or "20240531" is unsure.
    return _whole(path, times, moments.mask(texts.str.isdigit()), where)


def is_time(field: str) -> bool:
    """Whether a field of a text may be a time: a number, or an ISO date."""
    import pandas as pd

    if is_number(field):
        return True
    moment = pd.to_datetime([field], format="ISO8601", utc=True, errors="coerce")
    return not bool(moment.isna()[0])


def _whole(
    path: Path, times: Any, moments: Any, where: Callable[[int], str]
) -> Seconds:
    """Return moments in seconds; refuse the first that is none."""
    bad = moments.isna().to_numpy()
    if bad.any():
        raise _no_time(path, times, int(np.argmax(bad)), where)
    naive = moments.dt.tz_localize(None).to_numpy()
    seconds: Seconds = naive.astype("datetime64[s]").astype(np.int64)
    return seconds


def _doubt(
    path: Path, found: npt.NDArray[np.float64], where: Callable[[int], str]
) -> None:
    """Refuse numbers that say something else than seconds."""
    beyond = np.abs(found) > _LATEST
    if beyond.any():
        at = int(np.argmax(beyond))
        raise refuse(
            path,
            f"dataset.time: {where(at)} has {found[at]:.0f}, which in seconds lies"
            " beyond the year 5000; divide milliseconds by 1000 (microseconds by 1e6)"
            " first",
        )
    year, month, day = found // 10_000, found // 100 % 100, found % 100
    looks_like_a_day = (year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12)
    looks_like_a_day &= (day >= 1) & (day <= 31)
    if looks_like_a_day.all():
        raise refuse(
            path,
            f"dataset.time: {where(0)} has {found[0]:.0f}, as all lines have numbers"
            f" that read as days; write {year[0]:.0f}-{month[0]:02.0f}-{day[0]:02.0f},"
            " for numbers are seconds since 1970",
        )


def _no_time(
    path: Path, times: Any, at: int, where: Callable[[int], str]
) -> ValueError:
    given = "" if times.isna().iloc[at] else str(times.iloc[at]).strip()
    what = f"{given!r}, which is not" if given else "no time; give"
    return refuse(path, f"dataset.time: {where(at)} has {what} {WANTED}")
