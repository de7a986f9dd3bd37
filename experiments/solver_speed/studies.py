"""Running the saved studies through nmflab, and reading their runs back."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from asked import (
    alone,
    last_of_each,
    on_two_threads,
    reading,
    several_starts,
    with_cmfrec,
)
from crossings import Run, slow_start
from problems import Problem

if TYPE_CHECKING:
    from nmflab import Study

DTYPES = ("float64", "float32")


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What a few iterations cost in a process of their own.

    Parameters
    ----------
    case, dtype : str
    seconds : float
        cpu-seconds of one iteration: those of the run over its steps.
    peak_mb, idle_mb : float
        Most memory of the process, and of one that did the same on tiny data; in units
        of 2**20 bytes.
    data_mb : float
        Of X and both factors in that dtype, likewise.
    """

    case: str
    dtype: str
    seconds: float
    peak_mb: float
    idle_mb: float
    data_mb: float

    @property
    def times_the_data(self) -> float:
        """Memory above that of the tiny run, in bytes of X and the factors."""
        return (self.peak_mb - self.idle_mb) / self.data_mb


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Runs studies into one folder.

    Parameters
    ----------
    folder : Path
        A study of an earlier session in it is gone on with, not made again.
    files : mapping
        Name of a file of `prepare.SOURCES` to its path.
    seeds : int
    quick : bool
        Tiny sizes, in this process.
    cmfrec : bool
        Whether cmfrec is installed.
    complaints : list of str
        Grows: what could not be run, in sentences.
    """

    folder: Path
    files: dict[str, Path]
    seeds: int
    quick: bool
    cmfrec: bool
    complaints: list[str] = field(default_factory=list)

    def races(
        self, problem: Problem, repeats: int, *, headline: bool = False
    ) -> list[Run]:
        """Return every case once, and ours and the reference `repeats` times.

        With `headline` the other cases are left out, as far as the aims allow.

        A repeat is a whole study: within it the cases of a seed run one after another,
        so that a change of the machine's speed meets both sides of a ratio.
        """
        found: list[Run] = []
        for repeat in range(repeats):
            extra: tuple[str, ...] = ()
            pair = [case for case in (problem.ours, problem.reference) if case]
            if repeat == 0 and problem.name == "ratings" and self.cmfrec:
                extra = with_cmfrec()
            elif repeat or (headline and problem.reference):
                extra = (f"case={','.join(pair)}",)
            seeds = f"seed=range({self.seeds})"
            study = self._study(problem, f"repeat{repeat}", seeds, *extra)
            found += [replace(run, repeat=repeat) for run in self._runs(study, problem)]
        return found

    def two_threads(self, problem: Problem) -> list[Run]:
        """Return ours and the reference on two threads."""
        study = self._study(
            problem,
            "threads2",
            f"seed=range({self.seeds})",
            *on_two_threads(problem),
        )
        return self._runs(study, problem)

    def best_of_several(self, problem: Problem, reference: Run) -> Run | None:
        """Return `N_STARTS` starts that race on the cpu-seconds of a reference run.

        None where that failed; the complaints then say why.
        """
        study = self._study(problem, "starts", *several_starts(problem, reference))
        return next(iter(self._runs(study, problem)), None)

    def footprint(self, problem: Problem, case: str, dtype: str) -> Footprint | None:
        """Return what an iteration costs: two commands, each with a process of its own.

        The data must have been made ready by an earlier command: the process that
        generates them keeps its largest memory.
        """
        chosen = alone(problem, case, dtype)
        name = f"footprint-{case}-{dtype}"
        study = self._study(problem, name, *chosen)
        tiny = self._study(problem, f"{name}-tiny", *problem.quick, *chosen)
        whole, small = self._runs(study, problem), self._runs(tiny, problem)
        if not whole or not small:
            return None
        return Footprint(
            case=case,
            dtype=dtype,
            seconds=whole[0].cpu_seconds / whole[0].n_steps,
            peak_mb=whole[0].peak_memory_mb,
            idle_mb=small[0].peak_memory_mb,
            data_mb=_data_mb(study, whole[0]),
        )

    def make_ready(self, problem: Problem) -> None:
        """Have the data generated, and nothing run."""
        self._study(problem, "ready", "dry_run=true")

    def arguments(self, problem: Problem, name: str, *overrides: str) -> list[str]:
        """Return the command of a study, as nmflab takes it."""
        file = () if problem.file is None else (reading(self.files[problem.file]),)
        # The last of equal keys counts, so that what a measure asks for stands last.
        asked = [*problem.overrides, *file, *(problem.quick if self.quick else ())]
        asked += ["executor.name=serial"] if self.quick else []
        return [
            f"experiment={problem.experiment}",
            f"study='{self.folder / f'{problem.name}-{name}'}'",
            *last_of_each([*asked, *overrides]),
        ]

    def _study(self, problem: Problem, name: str, *overrides: str) -> Study:
        import nmflab

        asked = self.arguments(problem, name, *overrides)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # told by `_runs`
            return nmflab.study(*asked, quiet=self.quick)

    def _runs(self, study: Study, problem: Problem) -> list[Run]:
        rows, points = study.runs, study.traces
        by_key = dict(list(points.groupby("key")))
        for reason, n in rows[rows["status"] != "ok"]["reason"].value_counts().items():
            self.complaints.append(f"{problem.name}: {n} runs have no result: {reason}")
        runs = [
            _run(row, by_key.get(row["key"], points.iloc[:0]))
            for _, row in rows[rows["status"] == "ok"].iterrows()
        ]
        slow = sorted({run.case for run in runs if slow_start(run)})
        if slow and not self.quick:
            self.complaints.append(
                f"{problem.name}: the first step of {', '.join(slow)} took over ten"
                " times as long as the second in some run, so something was compiled"
                " or loaded on the clock: do not trust its times"
            )
        return runs


def _run(row: Any, points: Any) -> Run:
    # Any: a row of a DataFrame and a DataFrame, whose values no type describes.
    return Run(
        case=row["case"],
        n_components=int(row["n_components"]),
        seed=int(row["seed"]),
        dtype=row["dtype"],
        trace=np.asarray(points[["cpu_seconds", "seconds", "objective"]], np.float64),
        cpu_seconds=row["cpu_seconds"],
        seconds=row["seconds"],
        objective=row["objective_value"],
        init_cpu_seconds=row["init_cpu_seconds"],
        n_steps=int(row["n_steps"]),
        n_starts=int(row["n_starts"]),
        peak_memory_mb=row["peak_memory_mb"],
    )


def _data_mb(study: Study, run: Run) -> float:
    """Return the megabytes of X and both factors in the run's dtype."""
    from nmflab.store import Store

    with Store.open(study.folder) as store:
        (facts,) = [dataset.facts for dataset in store.datasets()]
    width = np.dtype(run.dtype).itemsize
    n_samples, n_features = facts["n_samples"], facts["n_features"]
    if facts["storage"] == "csr":
        size = facts["n_stored"] * (width + 4) + 4 * (n_samples + 1)
    else:
        size = n_samples * n_features * width
    return float(size + (n_samples + n_features) * run.n_components * width) / 2**20
