"""The record of a run: the message "fit", and where its factors go."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors
from nmflab.run.guard import RunFailed
from nmflab.run.tried import Restarted, measured

Arrays = dict[str, npt.NDArray[Any]]
_MB = 2**20


def blank_record(key: str) -> dict[str, Any]:
    """Return a record in which nothing is known yet; every key of a "fit" is there."""
    return {
        "type": "fit",
        "key": key,
        "status": "error",
        "reason": "",
        "stop": None,
        "n_steps": 0,
        "passes": 0.0,
        "seconds": 0.0,
        "cpu_seconds": 0.0,
        "init_seconds": 0.0,
        "init_cpu_seconds": 0.0,
        "load_seconds": 0.0,
        "objective_start": None,
        "objective_value": None,
        "own_objective": None,
        "kappa": None,
        "validation": None,
        "best_step": None,
        "n_active": None,
        "n_reseeded": 0,
        "start_hash": None,
        "threads": None,
        "peak_memory_mb": None,
        "n_starts": None,
        "n_rounds": None,
        "objective_median": None,
        "objective_rank_one": None,
        "refit_objective": None,
        "refit_steps": None,
        "refit_seconds": None,
        "refit_cpu_seconds": None,
        "starts": [],
        "warnings": [],
        "traceback": None,
        "factors": None,
    }


def fill_failure(record: dict[str, Any], failure: RunFailed) -> None:
    """Write down why a run could not go on."""
    record["status"], record["reason"] = failure.status, failure.reason
    record["traceback"] = failure.traceback


def fill_restarts(record: dict[str, Any], done: Restarted) -> None:
    """Write down what the starts came to; work is summed over them."""
    outcome, best = done.outcome, done.best
    record.update(
        status=outcome.status,
        reason=outcome.reason,
        stop=outcome.stop,
        traceback=outcome.traceback,
        n_steps=sum(each.solved.n_steps for each in done.tried),
        n_reseeded=sum(each.solved.n_reseeded for each in done.tried),
        passes=done.total(lambda each: each.solved.passes),
        seconds=done.total(lambda each: each.solved.seconds),
        cpu_seconds=done.total(lambda each: each.solved.cpu_seconds),
        init_seconds=done.total(lambda each: each.start.seconds),
        init_cpu_seconds=done.total(lambda each: each.start.cpu_seconds),
        n_starts=len(done.tried),
        n_rounds=done.n_rounds,
        objective_median=done.median,
        starts=done.rows(),
    )
    record["warnings"] += done.notes
    shown = done.tried[done.chosen or 0]
    record["start_hash"] = shown.start.hash
    record.update(measured(shown.solved.first, None if best is None else best.best))


def factor_arrays(factors: Factors) -> Arrays:
    """Return W, H and the offsets there are, by name."""
    named = {
        "W": factors.W,
        "H": factors.H,
        "row_offset": factors.row_offset,
        "column_offset": factors.column_offset,
    }
    return {name: array for name, array in named.items() if array is not None}


def read_factors(job: Mapping[str, Any], arrays: Mapping[str, Any]) -> Factors:
    """Return the factors a "metrics" job brings along or names the file of.

    Raises
    ------
    ValueError, OSError
        If there are none, or the file is gone or not the one that was written.
    """
    if "W" in arrays and "H" in arrays:
        return Factors(**{name: arrays[name] for name in _NAMES if name in arrays})
    named = job.get("factors")
    if not named:
        raise ValueError("the factors of this run were not kept (save.factors)")
    path = Path(named["path"])
    if not path.is_absolute() and job.get("factors_folder"):
        path = Path(job["factors_folder"]).parent / path
    if named.get("sha256") not in (None, _sha256(path)):
        raise ValueError(f"{path} is not the file that was written; run it again")
    with np.load(path, allow_pickle=False) as kept:
        return Factors(**{name: kept[name] for name in _NAMES if name in kept.files})


_NAMES = ("W", "H", "row_offset", "column_offset")


def save_factors(arrays: Arrays, folder: Path, key: str) -> dict[str, str]:
    """Write ``<key>.npz``, complete or not at all; return its path and sha256.

    The path is relative to the study's folder, so that a study can be moved.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left of it then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.npz"
    beside = folder / f"{key}.{os.getpid()}.part"
    try:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        digest = _sha256(beside)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    return {"path": f"{folder.name}/{path.name}", "sha256": digest}


def peak_memory_mb() -> float | None:
    """Return the most memory this process ever held resident, in MB of 2**20 bytes.

    A process that does many runs never forgets its largest: an upper bound for a run.
    """
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        used = psutil.Process().memory_info()
        return float(getattr(used, "peak_wset", used.rss)) / _MB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak / 1024


@lru_cache(maxsize=1)
def n_threads() -> int | None:
    """Return the most threads a numerical library here may use; None: none is loaded.

    Asked once a process: looking through the loaded libraries takes milliseconds.
    """
    from threadpoolctl import threadpool_info

    return max((int(pool["num_threads"]) for pool in threadpool_info()), default=None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
