"""A run's problem, made from a materialised dataset and kept for the next run.

A child does many runs on one dataset: the last few datasets opened and the last problem
made are kept, so that the thousandth run builds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nmflab.contracts import Cells, Dataset, Objective, Problem
from nmflab.instances import build
from nmflab.materialise import open_dataset, read_facts
from nmflab.numerics.objective import ObjectiveEvaluator
from nmflab.numerics.percentile_rank import PercentileRank
from nmflab.numerics.rank_one import rank_one_objective
from nmflab.run.seeds import role_rng
from nmflab.splits import SPLITS, Block, Posed, pose
from nmflab.verify import checksum
from nmflab.weighting import WEIGHTINGS

Job = Mapping[str, Any]
"""A job is plain JSON; see docs/architecture.md."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A problem with all that was known or derived on the way to it.

    Parameters
    ----------
    dataset : Dataset
        As opened, before weighting.
    facts : mapping
        Of the dataset.
    problem : Problem
    validation, test : Cells or None
    notes : tuple of str
        What the split had to say.
    evaluator : ObjectiveEvaluator
    checksum : int
        Of the problem's arrays, before any solver saw them.
    validation_rank : PercentileRank or None
        What measures the validation cells where they are events.
    block : Block or None
        Of a bi-cross-validation: the problem is X without its rows and columns.
    """

    dataset: Dataset
    facts: Mapping[str, Any]
    problem: Problem
    validation: Cells | None
    test: Cells | None
    notes: tuple[str, ...]
    evaluator: ObjectiveEvaluator
    checksum: int
    validation_rank: PercentileRank | None = None
    block: Block | None = None

    def is_unchanged(self) -> bool:
        """Return whether the problem still is what it was; forget it if not."""
        if checksum(self.problem) == self.checksum:
            return True
        forget()
        return False


def prepare(job: Job, *, refit: bool = False) -> Prepared:
    """Return the problem of a job, the kept one where it is the same.

    Parameters
    ----------
    job : mapping
    refit : bool, default False
        Whether the validation cells are put back among the training cells.

    Raises
    ------
    ValueError, OSError
        If the dataset cannot be opened, weighted or split, naming the key.
    """
    return _prepared(*_asked(job, refit))


def _asked(job: Job, refit: bool) -> tuple[str, int, str]:
    """Return the data's folder, its age, and what makes a problem of it."""
    folder = Path(job["data"])
    axes, settings = job["axes"], job["settings"]
    choice = {key: axes[key] for key in ("weighting", "split", "objective", "dtype")}
    choice["missing_as_zero"] = settings["missing_as_zero"]
    choice["refit"] = refit
    return str(folder), _age(folder), json.dumps(choice, sort_keys=True)


def reference(job: Job) -> float | None:
    """Return the objective of the best fit of one component to a job's problem.

    Computed once for each problem a process meets. None where it is not known, or more
    than this process can compute: reports want it, and no run fails for it.
    """
    return _reference(*_asked(job, False))


def measured_on(job: Job) -> Prepared:
    """Return the problem that metrics are about: with validation cells, where refit."""
    prepared = prepare(job)
    if not job["settings"].get("refit") or prepared.validation is None:
        return prepared
    return prepare(job, refit=True)


def forget() -> None:
    """Forget what was kept, so that the next run starts from the files again."""
    _prepared.cache_clear()
    _reference.cache_clear()
    _opened.cache_clear()


@lru_cache(maxsize=2)  # one with its validation cells put back
def _prepared(folder: str, age: int, choice: str) -> Prepared:
    axes = json.loads(choice)
    dataset, facts = _opened(folder, age)
    posed = pose(
        dataset,
        _chosen(WEIGHTINGS, axes["weighting"], "weighting"),
        _chosen(SPLITS, axes["split"], "split"),
        Objective(**axes["objective"]),
        np.dtype(axes["dtype"]),
        rng=role_rng(axes["split"].get("seed", 0), "split"),
        missing_as_zero=axes["missing_as_zero"],
        refit=axes["refit"],
    )
    return Prepared(
        dataset=dataset,
        facts=facts,
        problem=posed.problem,
        validation=posed.validation,
        test=posed.test,
        notes=posed.notes,
        evaluator=ObjectiveEvaluator(posed.problem),
        checksum=checksum(posed.problem),
        validation_rank=_rank_of(posed),
        block=posed.block,
    )


@lru_cache(maxsize=1024)
def _reference(folder: str, age: int, choice: str) -> float | None:
    prepared = _prepared(folder, age, choice)
    try:
        return rank_one_objective(prepared.problem, prepared.evaluator)
    except (ValueError, ArithmeticError, MemoryError):
        return None


def _rank_of(posed: Posed) -> PercentileRank | None:
    if not posed.events or posed.validation is None:
        return None
    return PercentileRank(posed.problem.X, posed.validation)


@lru_cache(maxsize=4)
def _opened(folder: str, age: int) -> tuple[Dataset, Mapping[str, Any]]:
    # `age` is part of the cache's key: a folder written anew is opened anew.
    return open_dataset(Path(folder)), read_facts(Path(folder))


def _age(folder: Path) -> int:
    meta = folder / "meta.json"
    return meta.stat().st_mtime_ns if meta.exists() else 0


def _chosen(choices: Mapping[str, type[Any]], node: Job, key: str) -> Any:
    name = node["name"]
    if name not in choices:
        raise ValueError(f"{key}={name}: choose from {', '.join(sorted(choices))}")
    return build(choices[name], node, key)
