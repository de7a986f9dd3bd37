"""Opens or resumes a study, plans its runs, feeds the executor, writes every record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmflab.config import ConfigError, check_settings
from nmflab.executors import Executor, Limits, make
from nmflab.materialise import open_dataset
from nmflab.provenance import provenance
from nmflab.registry import Registry
from nmflab.store import Store, StudyWriter
from nmflab.store.lock import now
from nmflab.sweep.advised import advised
from nmflab.sweep.cited import cited
from nmflab.sweep.expand import Space
from nmflab.sweep.feed import Feed
from nmflab.sweep.folder import asked_again, study_folder, write_summary
from nmflab.sweep.jobs import Jobs, metric_infos
from nmflab.sweep.log import StudyLog
from nmflab.sweep.materials import materialise_all
from nmflab.sweep.nodes import node_text
from nmflab.sweep.outcome import DryRun, Outcome
from nmflab.sweep.plan import Data, Plan, Planned
from nmflab.sweep.progress import FAILED, progress
from nmflab.sweep.reuse import changed_since, is_due, reuse_notes, to_run_again
from nmflab.sweep.usual_metrics import with_held_out_metrics


class Coordinator:
    """Runs a sweep over one study.

    Parameters
    ----------
    spaces : sequence of Space
        What to run (`nmflab.sweep.expand.expand`).
    registry : Registry
    command : sequence of str
        The overrides as typed, for the record.
    name : str, optional
        The study's name where the configuration gives none: the experiment's.
    quiet : bool, default False
        Show no progress.
    """

    def __init__(
        self,
        spaces: Sequence[Space],
        registry: Registry,
        *,
        command: Sequence[str] = (),
        name: str | None = None,
        quiet: bool = False,
    ) -> None:
        spaces = with_held_out_metrics(spaces, registry)
        self.spaces, self.registry = spaces, registry
        self.command, self.quiet = list(command), quiet
        self.settings = spaces[0].settings
        for space in spaces:
            check_settings(space.settings, registry)
        self.limits = Limits(**self.settings["limits"])
        self._name = name

    def advised(self) -> Coordinator:
        """Return the coordinator of all that ``advise=n_components`` means.

        Loads the data, which decide what can be probed.

        Raises
        ------
        ConfigError
            See `nmflab.sweep.advised.advised`.
        """
        executor = self._executor(None)
        try:
            data = self._materialise(executor)
        finally:
            executor.close()
        return Coordinator(
            advised(self.spaces, self.registry, data),
            self.registry,
            command=self.command,
            name=self._name,
            quiet=self.quiet,
        )

    def dry_run(self) -> DryRun:
        """Return what `run` would do; loads the data, runs nothing."""
        executor = self._executor(None)
        try:
            data = self._materialise(executor)
        finally:
            executor.close()
        plan = Plan(self.spaces, self.registry, data)
        folder = self._folder(plan)
        known = self._finished(folder)
        report = DryRun(
            folder=folder, n_runs=0, n_done=0, skipped={}, first=[], notes=[]
        )
        for planned in plan:
            report.n_runs += 1
            if planned.status != "left":
                reason = f"{planned.status}: {planned.reason}"
                report.skipped[reason] = report.skipped.get(reason, 0) + 1
            elif planned.key in known:
                report.n_done += 1
            elif len(report.first) < 5:
                report.first.append(planned.labels)
        report.notes = plan.notes()
        return report

    def run(self) -> Outcome:
        """Make every planned run that has no result yet; return how it ended.

        Raises
        ------
        ConfigError
            If a plugin refuses its parameters: before anything is run.
        StoreError
            If the study cannot be written; what was finished is kept.
        """
        unread = Plan(self.spaces, self.registry, _unread(self.spaces))
        unread.check()
        folder = self._folder(unread)
        writer = StudyWriter(folder)
        log = StudyLog(folder / "log.txt")
        executor = self._executor(log)
        try:
            data = self._materialise(executor)
            plan = Plan(self.spaces, self.registry, data)
            return self._sweep(writer, executor, plan, data, log)
        finally:
            executor.close()
            log.close()
            writer.close()

    def _sweep(
        self,
        writer: StudyWriter,
        executor: Executor,
        plan: Plan,
        data: Mapping[str, Data],
        log: StudyLog,
    ) -> Outcome:
        origins = plan.origins()
        record = {**provenance(self.limits.threads or 1), "origins": origins}
        failures = [dataclasses.asdict(f) for f in self.registry.failures]
        previous = changed_since(writer, origins)
        sweep = writer.begin_sweep(
            command=self.command,
            base=plan.base,
            provenance={
                **record,
                "plugins": cited(self.spaces, plan.datasets(), self.registry),
            },
            plugin_failures=failures,
        )
        unfit: list[Planned] = []
        total = writer.add_plan(sweep, _noted(plan, unfit))
        if not total:
            writer.forget_sweep(sweep)
            raise ConfigError("the sweep is empty: an axis has no values")
        again = to_run_again(writer, sweep, self.settings["retry"], self.limits)
        writer.forget_runs(again)
        _add_unfit(writer, sweep, unfit, data)
        self._add_context(writer, plan, data, record, failures)
        counts = writer.counts(sweep)
        notes = [
            *plan.notes(),
            *self._unheld_limits(),
            *reuse_notes(counts, unfit, again, previous),
        ]
        writer.set_notes(sweep, notes)
        jobs = Jobs(plan.base, self.registry, data, writer.folder)
        shown = progress(
            counts.get("left", 0),
            skipped=counts.get("skipped", 0),
            reused=counts.get("ok", 0),
            failed=sum(counts.get(status, 0) for status in FAILED),
            quiet=self.quiet,
        )
        log.say = shown.say
        feed = Feed(
            writer,
            executor,
            jobs,
            sweep=sweep,
            shown=shown,
            registry=self.registry,
            save=self.settings["save"],
            fail_fast=self.settings["fail_fast"],
        )
        feed.run()
        return self._outcome(writer, sweep, notes + feed.notes, feed.interrupted)

    def _outcome(
        self, writer: StudyWriter, sweep: int, notes: list[str], interrupted: bool
    ) -> Outcome:
        counts = writer.counts(sweep)
        if not counts.get("left"):
            writer.finish_sweep(sweep)
        writer.set_notes(sweep, notes)
        return Outcome(
            folder=writer.folder,
            counts=counts,
            notes=notes,
            failures=writer.failures(sweep),
            skipped=writer.skipped(sweep),
            interrupted=interrupted,
            sweep=sweep,
        )

    def _materialise(self, executor: Executor) -> dict[str, Data]:
        nodes = [node for space in self.spaces for node in space.axes["dataset"]]
        return materialise_all(nodes, self.registry, executor, self.limits)

    def _executor(self, log: Any) -> Executor:
        chosen = self.settings["executor"]
        return make(
            chosen["name"], n_jobs=chosen["n_jobs"], registry=self.registry, log=log
        )

    def _unheld_limits(self) -> list[str]:
        held = self.limits.timeout_s is None and self.limits.memory_mb is None
        if self.settings["executor"]["name"] != "serial" or held:
            return []
        return [
            "executor.name=serial runs in this process: limits.timeout_s and"
            " limits.memory_mb are not held"
        ]

    def _folder(self, plan: Plan) -> Path:
        name = self.settings["study"] or self._name or plan.dataset_names()
        return study_folder(str(name))

    def _finished(self, folder: Path) -> set[str]:
        """Return the keys a study has results for that `run` would keep."""
        if not (folder / "runs.sqlite").exists():
            return set()
        retry, limits = self.settings["retry"], self.limits
        with Store.open(folder) as store:
            return {
                key
                for key, status, old in store.made()
                if not is_due(status, old, retry, limits)
            }

    def _add_context(
        self,
        writer: StudyWriter,
        plan: Plan,
        data: Mapping[str, Data],
        record: Mapping[str, Any],
        failures: list[dict[str, Any]],
    ) -> None:
        """Store what a report needs beside the runs: metrics' meanings, datasets."""
        writer.add_metric_info(
            metric_infos(dict.fromkeys(self.settings["metrics"]), self.registry)
        )
        fingerprints, loaded = {}, []
        for label, node in plan.datasets():
            ready = data[node_text(node)]
            if ready.folder is not None:
                writer.add_dataset(label, node, ready.facts, open_dataset(ready.folder))
                fingerprints[label] = ready.facts["fingerprint"]
                loaded.append((node, fingerprints[label]))
        write_summary(
            writer.folder,
            base=plan.base,
            provenance=record,
            data=fingerprints,
            plugin_failures=failures,
            sweep=asked_again(self.spaces, plan.base, loaded, self.registry),
        )


def _unread(spaces: Sequence[Space]) -> dict[str, Data]:
    """Return empty data for each dataset: enough to check parameters before loading."""
    return {
        node_text(node): Data() for space in spaces for node in space.axes["dataset"]
    }


def _noted(plan: Plan, unfit: list[Planned]) -> Any:
    """Yield plan rows, keeping aside those that get their record at once."""
    for planned in plan:
        if planned.status != "left":
            unfit.append(planned)
        yield planned.key, planned.labels, planned.changes


def _add_unfit(
    writer: StudyWriter,
    sweep: int,
    unfit: Sequence[Planned],
    data: Mapping[str, Data],
) -> None:
    traces = {d.error: d.traceback for d in data.values() if d.error}
    writer.add_records(
        sweep,
        (
            (
                planned.key,
                {
                    "status": planned.status,
                    "reason": planned.reason,
                    "started": now(),
                    "traceback": traces.get(planned.reason or ""),
                },
            )
            for planned in unfit
        ),
    )
