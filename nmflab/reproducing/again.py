"""A study run again from its record, in a folder of its own, and compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nmflab import session
from nmflab.config import AXES, ConfigError
from nmflab.reproducing.claiming import claim, refuse_foreign, usual_folder
from nmflab.reproducing.comparing import Comparison, compared
from nmflab.reproducing.obstacles import Obstacle, known_metrics, runnable
from nmflab.reproducing.pairing import side_of
from nmflab.reproducing.record import recorded
from nmflab.reproducing.recorded_runs import Record, RecordedRun
from nmflab.reproducing.sampling import sampled, uncovered
from nmflab.reproducing.settings import per_run, settings_of
from nmflab.store import Store
from nmflab.sweep.coordinator import Coordinator
from nmflab.sweep.expand import Space
from nmflab.sweep.nodes import node_text
from nmflab.sweep.outcome import Outcome


@dataclass(frozen=True)
class Reproduction:
    """A study run again.

    Parameters
    ----------
    study : str
        What was run again.
    folder : Path
        Where the new runs are; they stay there.
    n_recorded, n_asked : int
        Runs of the record that can be run again, and those asked for.
    seed : int or None
        Of the sample; None where everything was asked for.
    uncovered : list of (axis, label)
        Data sets and solvers, or cases, that the sample leaves out.
    obstacles : list of Obstacle
        What could not be run or measured here, and why.
    notes : list of str
    outcome : Outcome or None
        How the new runs ended; None where none could be made.
    comparison : Comparison or None
        None where nothing was run, or there are no digits to compare with.
    """

    study: str
    folder: Path
    n_recorded: int
    n_asked: int
    seed: int | None
    uncovered: list[tuple[str, str]]
    obstacles: list[Obstacle]
    notes: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    comparison: Comparison | None = None

    def __str__(self) -> str:
        from nmflab.reproducing.again_text import told_of_reproduction
        from nmflab.reproducing.lines import plain_text

        return plain_text(told_of_reproduction(self))

    @property
    def exit_code(self) -> int:
        """0: all that was asked for is the same; 1: not; 130: interrupted."""
        if self.outcome is not None and self.outcome.interrupted:
            return 130
        if self.obstacles or self.outcome is None:
            return 1
        if self.comparison is None:
            return self.outcome.exit_code
        return self.comparison.exit_code


def reproduced(
    study: Path,
    *,
    sample: int | None = None,
    seed: int = 0,
    into: Path | None = None,
    sweep: int | None = None,
    tolerance: float | None = None,
    quiet: bool = False,
) -> Reproduction:
    """Run a study again from its record and compare every figure.

    Parameters
    ----------
    study : Path
        A study's folder, an archive of one, or a ``study.yaml``.
    sample : int, optional
        How many of its runs; all by default. See `nmflab.reproducing.sampling.sampled`.
    seed : int
        Of the sample.
    into : Path, optional
        Folder of the new runs; by default the study's own name with ``-reproduced``,
        beside it. What is finished there is kept, so that an interrupted reproduction
        goes on.
    sweep : int, optional
        Number of the study's command; the last one by default.
    tolerance : float, optional
        Relative difference that counts as none; by default the square root of the
        precision of each run's dtype.
    quiet : bool
        Show no progress.

    Raises
    ------
    ConfigError
        If there is no record, it cannot be used, or `into` holds something else.
    StoreError
        If a study cannot be read or written.
    """
    with recorded(study, sweep) as record:
        folder = into or usual_folder(study)
        refuse_foreign(folder, study, record)
        every = [run for run in record.runs if run.status not in ("skipped", "left")]
        if not every:
            raise ConfigError(
                f"{record.title}: no run of it was made, so none is again"
            )
        asked = every if sample is None else sampled(every, sample, seed)
        registry = session.registry()
        settings = settings_of(record.base, record.title)
        metrics, unmeasured = known_metrics(record, registry, settings["metrics"])
        settings |= {"metrics": metrics, "study": f"{folder.absolute()}"}
        found = runnable(record, asked, registry, settings)
        done = Reproduction(
            study=record.title,
            folder=folder,
            n_recorded=len(every),
            n_asked=len(asked),
            seed=None if sample is None else seed,
            uncovered=uncovered(every, asked),
            obstacles=[*found.obstacles, *unmeasured],
            notes=[*_notes(record), *found.notes],
        )
        if not found.runs:
            return done
        claim(folder, record)
        outcome = _run(record, found.runs, settings, quiet=quiet)
        done = replace(done, outcome=outcome)
        if record.store is None:
            return done
        return replace(
            done, comparison=_compared(record, found.runs, outcome, tolerance)
        )


def _notes(record: Record) -> list[str]:
    notes = []
    if record.store is None:
        notes.append(
            "there is only study.yaml, which holds no digits: the runs are made again,"
            " and there is nothing to compare them with but the data's fingerprints"
        )
    if not record.is_whole:
        notes.append(
            "this study.yaml was written by an earlier nmflab and names the first"
            " configuration only"
        )
    skipped = sum(run.status == "skipped" for run in record.runs)
    if skipped:
        notes.append(f"{skipped} skipped runs of the study are left out: none was made")
    left = sum(run.status == "left" for run in record.runs)
    if left:
        notes.append(f"{left} runs of the study were planned and never made")
    return notes


def _run(
    record: Record,
    runs: Sequence[RecordedRun],
    settings: Mapping[str, Any],
    *,
    quiet: bool,
) -> Outcome:
    """Make the runs, or go on making them."""
    try:
        coordinator = Coordinator(
            spaces_of(runs, settings, record.title),
            session.registry(),
            command=["reproduce", record.title],
            quiet=quiet,
        )
        return coordinator.run()
    except (TypeError, KeyError) as error:  # a record somebody has written to
        raise ConfigError(
            f"{record.title}: its record cannot be used ({error}); give the study as it"
            " was written"
        ) from error


def spaces_of(
    runs: Sequence[RecordedRun], settings: Mapping[str, Any], title: str
) -> list[Space]:
    """Return spaces that hold these runs and no others; seeds of one setting together.

    Raises
    ------
    ConfigError
        If a setting of a run is of no kind it can have.
    """
    seeds: dict[str, list[Any]] = {}
    first: dict[str, RecordedRun] = {}
    for run in runs:
        rest = {axis: node for axis, node in run.axes.items() if axis != "seed"}
        setting = node_text([rest, run.settings, run.case])
        first.setdefault(setting, run)
        seeds.setdefault(setting, []).append(run.axes["seed"])
    return [
        Space(
            axes={axis: [run.axes[axis]] for axis in AXES} | {"seed": seeds[setting]},
            settings={**settings, **per_run(run.settings, title)},
            case=run.case,
        )
        for setting, run in first.items()
    ]


def _compared(
    record: Record,
    runs: Sequence[RecordedRun],
    outcome: Outcome,
    tolerance: float | None,
) -> Comparison:
    """Compare the runs that were made with the recorded ones."""
    assert record.store is not None
    with Store.open(outcome.folder) as new:
        second = side_of(new, outcome.sweep)
        made = second.runs[second.runs["status"] != "left"]
        keys = {run.key for run in runs}
        first = side_of(record.store, record.sweep, keys)
        found = compared(first, replace(second, runs=made), tolerance)
        # What an interrupt left out is told as such, not as a difference.
        left = [] if outcome.interrupted else found.only_first
        return replace(found, first=record.title, only_first=left)
