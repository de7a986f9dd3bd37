"""The ratio of cpu seconds, and its interval."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from nmflab.reproducing.comparing import Comparison, compare_studies
from nmflab.reproducing.speed import median_interval

from .conftest import with_sweep, written


@pytest.mark.parametrize("n", [6, 9, 10])
def test_the_interval_of_a_median_holds_as_often_as_it_says(n: int) -> None:
    """Counted over all ways in which n values can fall on both sides of the median."""
    found = median_interval(np.arange(1.0, n + 1))
    assert found is not None
    k = int(found[0])
    assert found == (k, n + 1 - k)
    below = [sum(sides) for sides in product((0, 1), repeat=n)]

    def held(k: int) -> float:
        # x_(k) is below the median if k values are; x_(n+1-k) above if k are above.
        return float(np.mean([k <= b <= n - k for b in below]))

    assert held(k) >= 0.95 > held(k + 1)


def test_five_values_give_no_interval() -> None:
    """All of them may lie on one side of the median in 1 of 16 cases."""
    assert median_interval(np.arange(5.0)) is None


def test_the_median_of_the_ratios_is_told(study: Path, tmp_path: Path) -> None:
    """Second over first, run by run."""
    found = _against_a_copy(study, tmp_path, factor=3.0)
    assert found.speed.n_runs == 8
    assert found.speed.median == pytest.approx(3.0)
    assert (found.speed.low, found.speed.high) == pytest.approx((3.0, 3.0))
    assert "median 3 (95 % interval 3 to 3, over 8 runs)" in str(found)


@pytest.mark.parametrize("host", ["elsewhere", "", "machine 1"])
def test_times_of_two_machines_are_not_compared(
    study: Path, tmp_path: Path, host: str
) -> None:
    """Nor where an archive does not say which machine it was."""
    found = _against_a_copy(study, tmp_path, host=host)
    assert found.speed.median is None
    assert "times not compared" in str(found)
    assert found.is_same


def _against_a_copy(
    study: Path, tmp_path: Path, *, factor: float = 1.0, host: str | None = None
) -> Comparison:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    written(study, "UPDATE runs SET cpu_seconds=0.25")
    written(copy, "UPDATE runs SET cpu_seconds=?", (0.25 * factor,))
    if host is not None:
        with_sweep(copy, "provenance", lambda known: {**known, "host": host})
    return compare_studies(study, copy)
