"""From a job's plain values to configured plugins that fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nmflab.compatibility import unfit
from nmflab.contracts import SolverSpec
from nmflab.instances import build
from nmflab.loop.evaluations import Task
from nmflab.registry import Registry
from nmflab.run.guard import RunFailed
from nmflab.run.prepared import Job, Prepared
from nmflab.run.starts import Starter
from nmflab.stopping import StopSettings
from nmflab.stopping.halving import check_halving


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """What is to be run.

    Parameters
    ----------
    task : Task
    starter : Starter
    n_starts : int
    halving : int or None
    is_monotone : bool
        Whether the configured solver promises descent at each step.
    notes : tuple of str
        What was taken otherwise than the settings say, in sentences.
    """

    task: Task
    starter: Starter
    n_starts: int
    halving: int | None
    is_monotone: bool
    notes: tuple[str, ...]


def assemble(job: Job, registry: Registry, prepared: Prepared) -> Assembled:
    """Configure solver, init and stop criteria, and refuse what does not fit.

    Raises
    ------
    RunFailed
        If solver, init, objective and data do not fit.
    ValueError, UnknownPlugin
        If a parameter, a setting or a name cannot be used, naming its key.
    """
    axes, settings = job["axes"], job["settings"]
    _whole_number("n_components", axes["n_components"])
    _whole_number("restarts", settings["restarts"])
    solver = registry.get("solver", axes["solver"]["name"])
    config = {**axes, "missing_as_zero": settings["missing_as_zero"]}
    reason = unfit(prepared.facts, config, registry)
    if reason is not None:
        raise RunFailed(reason)
    task = _task(axes, settings, prepared, solver)
    starter = _starter(axes, registry, prepared, solver)
    n_starts, note = _n_starts(settings["restarts"], starter, task, solver)
    check_halving(settings["halving"], n_starts, task.stop)
    notes = [note, _unused_criteria(task)]
    return Assembled(
        task=task,
        starter=starter,
        n_starts=n_starts,
        halving=settings["halving"],
        is_monotone=solver.is_monotone(task.solver),
        notes=tuple(note for note in notes if note is not None),
    )


def _whole_number(key: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"{key} must be a whole number >= 1, got {value!r}; for example {key}=2"
        )


def _task(
    axes: Mapping[str, Any],
    settings: Mapping[str, Any],
    prepared: Prepared,
    spec: SolverSpec,
) -> Task:
    return Task(
        problem=prepared.problem,
        solver=build(spec.solver, axes["solver"], "solver"),
        evaluator=prepared.evaluator,
        stop=StopSettings(**settings["stop"]),
        promises=spec.promises,
        validation=prepared.validation,
        validation_rank=prepared.validation_rank,
        trace=settings["trace"],
        name=spec.name,
    )


def _starter(
    axes: Mapping[str, Any], registry: Registry, prepared: Prepared, solver: SolverSpec
) -> Starter:
    spec = registry.get("init", axes["init"]["name"])
    return Starter(
        problem=prepared.problem,
        n_components=axes["n_components"],
        seed=axes["seed"],
        spec=spec,
        init=build(spec.initialization, axes["init"], "init"),
        solver=solver,
    )


def _n_starts(
    asked: int, starter: Starter, task: Task, solver: SolverSpec
) -> tuple[int, str | None]:
    """Return how many starts to run: one, and a note, where all would be the same."""
    own = task.promises.init == "own"
    init_is_random = not own and starter.spec.is_random(starter.init)
    if asked == 1 or init_is_random or solver.is_random(task.solver):
        return asked, None
    return 1, (
        f"restarts={asked} was taken as 1: neither init {starter.spec.name} nor solver"
        f" {task.name} is random, so every start would be the same"
    )


def _unused_criteria(task: Task) -> str | None:
    """Say that criteria on the shared gradient do not stop a solver of its own aim."""
    names = ("kkt", "projected_gradient")
    unused = [f"stop.{n}" for n in names if getattr(task.stop, n) is not None]
    if task.promises.minimises == "shared" or not unused:
        return None
    return (
        f"{' and '.join(unused)} did not apply: solver {task.name} minimises its own"
        " objective, not the shared one they are about"
    )
