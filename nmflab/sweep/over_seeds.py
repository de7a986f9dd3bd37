"""Metrics over seeds: which groups of runs lack them, their jobs, what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from nmflab.config import AXES, PER_RUN
from nmflab.registry import Registry
from nmflab.run.measure import LEAST_SEEDS, NEEDS_SEEDS
from nmflab.store import StudyWriter
from nmflab.store.over_seeds import Finished
from nmflab.sweep.jobs import Jobs, metric_digests
from nmflab.sweep.nodes import node_text

_FACTORS = ("W", "H", "row_offset", "column_offset")


@dataclass(frozen=True)
class SeedGroup:
    """Finished runs that agree in everything but the seed.

    Parameters
    ----------
    key : str
        A hash of what they agree in.
    config : mapping
        Of the first of them.
    runs : list of Finished
        By seed.
    """

    key: str
    config: Mapping[str, Any]
    runs: list[Finished] = field(default_factory=list)

    @property
    def members(self) -> list[Finished]:
        """The runs whose factors are there."""
        return [run for run in self.runs if run.has_factors]

    @property
    def lacks(self) -> str | None:
        """What it lacks for any metric over seeds; None where it is complete."""
        if len(self.members) >= LEAST_SEEDS:
            return None
        if len(self.runs) < LEAST_SEEDS:
            return f"not applicable: needs {NEEDS_SEEDS}"
        n, kept = len(self.runs), len(self.members)
        return (
            f"not applicable: needs the factors of {NEEDS_SEEDS}, and those of {kept}"
            f" of {n} runs were kept (save.factors)"
        )

    @property
    def name(self) -> str:
        """What it is called while it is measured."""
        solver, n = self.config["solver"]["name"], self.config["n_components"]
        return f"metrics over {len(self.runs)} seeds of {solver}, n_components {n}"

    def digest(self, metric: str) -> str:
        """Return what a metric of this digest is computed from, members included."""
        keys = sorted(run.key for run in self.members)
        return _hash([metric, self.lacks, keys])


def seed_groups(writer: StudyWriter, sweep: int, jobs: Jobs) -> list[SeedGroup]:
    """Return the finished runs of a sweep in groups, in order of their first seed."""
    found: dict[str, SeedGroup] = {}
    for run in writer.finished(sweep):
        config = jobs.config(run.changes)
        agreed = {axis: config[axis] for axis in AXES if axis != "seed"}
        agreed |= {name: config[name] for name in PER_RUN}
        agreed["threads"] = config["limits"]["threads"]
        key = _hash([agreed, run.case, run.fingerprint])
        found.setdefault(key, SeedGroup(key, config)).runs.append(run)
    return list(found.values())


class OverSeeds:
    """The metrics over seeds of one sweep.

    Parameters
    ----------
    writer : StudyWriter
    jobs : Jobs
    sweep : int
    registry : Registry
    """

    def __init__(
        self, writer: StudyWriter, jobs: Jobs, sweep: int, registry: Registry
    ) -> None:
        self._writer, self._jobs, self._sweep = writer, jobs, sweep
        self._digests = metric_digests(jobs.group_metrics, registry)
        self._measured: dict[str, tuple[SeedGroup, list[str]]] = {}
        self._n_done = self._n_single = self._n_lost = 0
        self._computed: dict[str, None] = {}

    def due(self) -> list[tuple[SeedGroup, list[str]]]:
        """Return the groups with the metrics they lack; note those that cannot be."""
        if not self._digests:
            return []
        due = []
        for group in seed_groups(self._writer, self._sweep, self._jobs):
            self._n_single += len(group.runs) < LEAST_SEEDS
            self._n_lost += len(group.members) < LEAST_SEEDS <= len(group.runs)
            known = self._writer.group_digests(group.key)
            missing = [
                name
                for name, digest in self._digests.items()
                if known.get(name) != group.digest(digest)
            ]
            if not missing:
                continue
            if group.lacks is None:
                due.append((group, missing))
            else:
                self._add(group, missing, {}, dict.fromkeys(missing, group.lacks))
        return due

    def jobs(
        self, due: list[tuple[SeedGroup, list[str]]]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield a job for each group, with the factors that have no file."""
        for group, metrics in due:
            self._measured[group.key] = group, metrics
            members: list[dict[str, Any]] = []
            arrays: dict[str, Any] = {}
            for n, run in enumerate(group.members):
                members.append({"seed": run.seed, "factors": run.file})
                if run.file is None:
                    arrays |= self._inline(n, run.key)
            yield (
                self._jobs.over_seeds(group.key, group.config, metrics, members),
                arrays,
            )

    def _inline(self, n: int, key: str) -> dict[str, Any]:
        factors = self._writer.reader.factors(key)
        return {
            f"{n}/{name}": getattr(factors, name)
            for name in _FACTORS
            if getattr(factors, name) is not None
        }

    def record(self, key: str, message: Mapping[str, Any]) -> bool:
        """Write what a group's job has sent; False where the key is not a group's."""
        if key not in self._measured:
            return False
        group, metrics = self._measured[key]
        self._n_done += 1
        self._computed |= dict.fromkeys(metrics)
        self._add(group, metrics, message["values"], message["problems"])
        return True

    def name(self, key: str) -> str | None:
        """Return what a group under way is called."""
        entry = self._measured.get(key)
        return None if entry is None else entry[0].name

    def notes(self) -> list[str]:
        """Return in sentences what was computed, and what could not be."""
        notes = []
        if self._n_done:
            notes.append(
                f"{', '.join(self._computed)}: computed over seeds from stored factors,"
                f" for {_settings(self._n_done)}"
            )
        if self._n_single:
            notes.append(
                f"metrics over seeds need {NEEDS_SEEDS}: {_settings(self._n_single)}"
                ' of one seed have none (seed="range(10)" gives ten)'
            )
        if self._n_lost:
            notes.append(
                f"{_settings(self._n_lost)} have no metrics over seeds, since their"
                " factors were not kept; retry=ok makes them again"
            )
        return notes

    def _add(
        self,
        group: SeedGroup,
        metrics: list[str],
        values: Mapping[str, float | str],
        problems: Mapping[str, str],
    ) -> None:
        keys = [run.key for run in group.members or group.runs]
        digests = {name: group.digest(self._digests[name]) for name in metrics}
        self._writer.add_group_metrics(group.key, keys, values, problems, digests)


def _settings(n: int) -> str:
    return f"{n} {'setting' if n == 1 else 'settings'}"


def _hash(node: object) -> str:
    return blake2b(node_text(node).encode(), digest_size=16).hexdigest()
