"""How a job's messages, and its untimely end, become events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nmflab.executors.seam import (
    Done,
    Event,
    Failed,
    Fitted,
    Materialised,
    Measured,
    key_of,
)
from nmflab.wire import Arrays, Message

_UNKNOWN = (
    *("stop", "n_steps", "passes", "seconds", "cpu_seconds", "init_seconds"),
    *("init_cpu_seconds", "load_seconds", "objective_start", "objective_value"),
    *("own_objective", "kappa", "validation", "best_step", "n_active"),
    "n_reseeded",
    *("start_hash", "n_starts", "n_rounds", "objective_median", "threads"),
    "objective_rank_one",
    *("refit_objective", "refit_steps", "refit_seconds", "refit_cpu_seconds"),
    *("peak_memory_mb", "traceback", "factors"),
)


def failed_fit(key: str, status: str, reason: str, **known: object) -> Message:
    """Return the record of a run that gave none: every field there, None if unknown."""
    record: Message = {"type": "fit", "key": key, "status": status, "reason": reason}
    record |= dict.fromkeys(_UNKNOWN) | {"starts": [], "warnings": []}
    return record | known


MEASURES = frozenset({"metrics", "seeds"})
"""Jobs that measure what was fitted before: of one run, or of several."""


@dataclass(frozen=True)
class End:
    """Why a job ended early: a status, a sentence, and what was printed."""

    status: str
    reason: str
    traceback: str | None = None
    peak_memory_mb: float | None = None


@dataclass
class Progress:
    """What was said of one job so far, so that each thing is said exactly once."""

    job: Message
    memory_mb: float | None = None
    fitted: bool = False
    measured: bool = False

    @property
    def key(self) -> str:
        """What its events are called."""
        return key_of(self.job)

    @property
    def measuring(self) -> bool:
        """Whether the fit is safe and metrics are on their way."""
        return self.fitted or self.job["type"] in MEASURES

    def message(self, message: Message, arrays: Arrays) -> Iterator[Event]:
        """Yield the event of one message of a job's handler; repeats are dropped."""
        kind = message["type"]
        if kind == "fit" and not self.fitted:
            self.fitted = True
            self.measured = message["status"] != "ok"  # only good runs are measured
            yield Fitted(self.key, self._explained(message), arrays)
        elif kind == "metrics":
            is_due = bool(self.job.get("metrics")) and not self.measured
            self.measured = True
            # A failed run is told of no metrics; one that only has metrics over seeds
            # is, though nothing came of them yet: they were asked for.
            if is_due or message["values"] or message["problems"]:
                yield Measured(self.key, message)
        elif kind == "materialised" and not self.fitted:
            self.fitted = True
            warnings = message.get("warnings", [])
            yield Materialised(self.key, message["facts"], warnings)
        elif kind in ("failed", "raised"):
            message = self._explained({"status": "error"} | message)
            traceback = message.get("traceback")
            yield from self.end(End(message["status"], message["reason"], traceback))

    def done(self) -> Iterator[Event]:
        """Yield what is missing at the regular end of a job, and `Done`."""
        reason = "its handler ended without a result; this is a defect of nmflab"
        yield from self.end(End("error", reason))
        yield Done(self.key)

    def end(self, end: End) -> Iterator[Event]:
        """Yield what stands for the results a job will no longer give."""
        kind = self.job["type"]
        if kind == "materialise" and not self.fitted:
            self.fitted = True
            yield Failed(self.key, end.reason, end.traceback)
        elif kind == "run" and not self.fitted:
            self.fitted = self.measured = True
            known = {"traceback": end.traceback, "peak_memory_mb": end.peak_memory_mb}
            yield Fitted(
                self.key, failed_fit(self.key, end.status, end.reason, **known)
            )
        elif kind in {"run", *MEASURES} and not self.measured:
            self.measured = True
            if names := self.job.get("metrics"):
                yield Measured(self.key, _no_metrics(self.key, list(names), end.reason))

    def _explained(self, message: Message) -> Message:
        """Return the message; where memory ran out, its reason names the limit."""
        if message["status"] != "oom" or self.memory_mb is None:
            return message
        limit = f"exceeded limits.memory_mb={self.memory_mb:g}"
        return message | {"reason": f"{limit}: {message['reason']}"}


def _no_metrics(key: str, names: list[str], reason: str) -> Message:
    problems = dict.fromkeys(names, reason)
    return {
        "type": "metrics",
        "key": key,
        "values": {},
        "problems": problems,
        "seconds": None,
    }
