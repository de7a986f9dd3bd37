"""Feeds the executor with what is pending and writes what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nmflab.contracts import SolverSpec
from nmflab.executors import Done, Event, Executor, Fitted, Measured, Serial
from nmflab.registry import Registry
from nmflab.store import StudyWriter
from nmflab.store.lock import now
from nmflab.sweep.interrupt import Interrupts
from nmflab.sweep.jobs import Jobs, metric_digests
from nmflab.sweep.over_seeds import OverSeeds
from nmflab.sweep.progress import FAILED, Progress

_LARGE_FACTORS = ("W", "H", "row_offset", "column_offset")


class Feed:
    """One sweep under way.

    Parameters
    ----------
    writer : StudyWriter
    executor : Executor
    jobs : Jobs
    sweep : int
    shown : Progress
    registry : Registry
        For what solvers promise, and for the hook that is told of each run.
    save : mapping
        The setting: whose factors are kept, up to how many gigabytes.
    fail_fast : bool
        Whether the first failed run ends the sweep.
    """

    def __init__(
        self,
        writer: StudyWriter,
        executor: Executor,
        jobs: Jobs,
        *,
        sweep: int,
        shown: Progress,
        registry: Registry,
        save: Mapping[str, Any],
        fail_fast: bool,
    ) -> None:
        self._writer, self._executor, self._jobs = writer, executor, jobs
        self._sweep, self._shown, self._registry = sweep, shown, registry
        self._save, self._fail_fast = save, fail_fast
        self._configs: dict[str, dict[str, Any]] = {}
        self._beside: dict[str, int] = {}
        self._started: dict[str, str] = {}
        self._unwanted: dict[str, Path] = {}  # of factors; metrics may need them yet
        self._digests = metric_digests(jobs.metrics, registry)
        self._over_seeds = OverSeeds(writer, jobs, sweep, registry)
        self._bytes_left = float(save["max_gb"]) * 1e9 - writer.factor_bytes()
        self.notes: list[str] = []
        self.interrupted = False

    def run(self) -> None:
        """Make every pending run, then measure what is not yet measured."""
        with self._shown, Interrupts(self._stop) as interrupts:
            self._drain(self._runs(), interrupts)
            for jobs in (self._measurements, self._group_measurements):
                if not (interrupts.count or self._stopped):
                    self._drain(jobs(), interrupts)
            self.interrupted = interrupts.count > 0
        self.notes += self._over_seeds.notes()
        lost = self._writer.unmeasurable(self._sweep, self._digests)
        self.notes += [
            f"{n} runs have no value of metric {metric}, since their factors were not"
            " kept; retry=ok makes them again"
            for metric, n in lost.items()
        ]

    def _stop(self) -> None:
        self._executor.cancel()
        if n := len(self._executor.running()):
            self._shown.say(
                f"interrupted: {n} run(s) are being finished and everything is kept;"
                " press Ctrl-C again to stop now"
            )
        else:
            self._shown.say("interrupted: everything that was finished is kept")

    def _drain(
        self,
        jobs: Iterator[tuple[dict[str, Any], Any]],
        interrupts: Interrupts,
    ) -> None:
        """Submit while there is room, handle events, until all is done or stopped."""
        exhausted = False
        while True:
            interrupts.tell()
            while not (exhausted or interrupts.count or self._stopped):
                if not self._executor.n_free:
                    break
                job, arrays = next(jobs, (None, None))
                if job is None:
                    exhausted = True
                    break
                self._submit(job, arrays)
            if not self._executor.running():
                if exhausted or interrupts.count or self._stopped:
                    return
                continue
            if interrupts.count > 1:
                self._executor.cancel(now=True)
            for event in self._events(interrupts):
                self._handle(event)
            self._shown.update(None, self._running)

    def _events(self, interrupts: Interrupts) -> list[Event]:
        if not isinstance(self._executor, Serial):
            return self._executor.events(timeout=0.5)
        with interrupts.in_job():
            return self._executor.events()
        return []

    _stopped = False

    def _submit(self, job: dict[str, Any], arrays: Any) -> None:
        key = job["key"]
        self._started[key] = now()
        for other in self._beside:
            self._beside[other] = max(self._beside[other], len(self._beside))
        self._beside[key] = len(self._beside)
        self._executor.submit(job, self._jobs.limits, arrays)

    def _runs(self) -> Iterator[tuple[dict[str, Any], Any]]:
        for _, key, changes in self._writer.pending(self._sweep):
            config = self._jobs.config(changes)
            self._configs[key] = config
            yield self._jobs.run(key, config), None

    def _measurements(self) -> Iterator[tuple[dict[str, Any], Any]]:
        missing = self._writer.unmeasured(self._sweep, self._digests)
        for n, (key, changes, metrics) in enumerate(missing, start=1):
            factors = self._writer.reader.factors(key)
            if factors is None:
                continue
            config = self._jobs.config(changes)
            arrays = {
                name: getattr(factors, name)
                for name in _LARGE_FACTORS
                if getattr(factors, name) is not None
            }
            if n == 1:
                self.notes.append("metrics were computed from stored factors")
            yield self._jobs.measurement(key, config, metrics), arrays

    def _group_measurements(self) -> Iterator[tuple[dict[str, Any], Any]]:
        due = self._over_seeds.due()
        if due:
            n = len(due)
            settings = "1 setting" if n == 1 else f"{n} settings"
            self._shown.say(f"computing metrics over the seeds of {settings}")
        yield from self._over_seeds.jobs(due)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Fitted):
            self._fitted(event)
        elif isinstance(event, Measured):
            self._measured(event)
        elif isinstance(event, Done):
            self._beside.pop(event.key, None)
            if (file := self._unwanted.pop(event.key, None)) is not None:
                file.unlink(missing_ok=True)
            self._configs.pop(event.key, None)

    def _fitted(self, event: Fitted) -> None:
        config = self._configs[event.key]
        solver = self._registry.get("solver", config["solver"]["name"])
        assert isinstance(solver, SolverSpec)
        limits = self._jobs.limits
        record = {
            **event.record,
            "started": self._started.pop(event.key, None),
            "fingerprint": self._jobs.facts(config)["fingerprint"],
            "beside": self._beside.get(event.key, 0),
            "minimises": solver.promises.minimises,
            "nonnegative": "".join(sorted(solver.promises.nonnegative, reverse=True)),
            "limits": {"timeout_s": limits.timeout_s, "memory_mb": limits.memory_mb},
        }
        arrays = self._kept(record, event.arrays)
        self._writer.add_fit(event.key, self._sweep, record, arrays)
        status = str(record["status"])
        self._shown.update(status, self._running)
        row = {"key": event.key, **record, "config": config}
        self._registry.run_end(self._writer.folder, row)
        if self._fail_fast and status in FAILED and not self._stopped:
            self._stopped = True
            self._executor.cancel()
            self.notes.append(f"stopped by fail_fast: {record['reason']}")

    def _kept(self, record: dict[str, Any], arrays: Mapping[str, Any]) -> Any:
        """Return the arrays to store; factors only while there is room for them."""
        size = sum(a.nbytes for n, a in arrays.items() if n in _LARGE_FACTORS)
        stored = record.get("factors")
        file = None if stored is None else Path(stored["path"])
        if file is not None:
            file = self._writer.folder / "factors" / file.name
            size = file.stat().st_size if file.exists() else 0
        if self._save["factors"] == "all" and size <= self._bytes_left:
            self._bytes_left -= size
            return arrays
        if size and self._save["factors"] == "all":
            note = (
                f"factors are kept up to save.max_gb={self._save['max_gb']} GB; later"
                " runs have none"
            )
            if note not in self.notes:
                self.notes.append(note)
        if file is not None:
            self._unwanted[record["key"]] = file
            record["factors"] = None
        return {n: a for n, a in arrays.items() if n not in _LARGE_FACTORS}

    def _measured(self, event: Measured) -> None:
        if self._over_seeds.record(event.key, event.record):
            return
        values, problems = event.record["values"], event.record["problems"]
        digests = {
            name: digest
            for name, digest in self._digests.items()
            if name in event.record.get("asked", self._digests)
        }
        self._writer.add_metrics(event.key, values, problems, digests)

    def _running(self) -> list[str]:
        shown = []
        for running in self._executor.running()[:1]:
            config = self._configs.get(running.key)
            if (group := self._over_seeds.name(running.key)) is not None:
                shown.append(f"{group}: {running.seconds:.0f} s")
            elif config is not None:
                what = (
                    f"{config['solver']['name']}, n_components {config['n_components']}"
                )
                shown.append(f"{what}, seed {config['seed']}: {running.seconds:.0f} s")
        return shown
