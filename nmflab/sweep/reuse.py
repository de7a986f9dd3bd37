"""What of an earlier sweep still holds: which runs to make again, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nmflab.executors import Limits
from nmflab.store import StudyWriter
from nmflab.sweep.plan import Planned
from nmflab.sweep.progress import FAILED


def to_run_again(
    writer: StudyWriter, sweep: int, retry: Sequence[str], limits: Limits
) -> list[str]:
    """Return the planned runs whose old row is not to be kept.

    Those whose status `retry` names, skipped ones (the pair may fit by now), errors of
    a dataset that could not be loaded, and those that ran into a limit which has been
    raised since.
    """
    return [
        key
        for key, status, old in writer.existing(sweep)
        if is_due(status, old, retry, limits)
    ]


def is_due(
    status: str, old: Mapping[str, Any], retry: Sequence[str], limits: Limits
) -> bool:
    """Return whether a row of this status, made within `old` limits, is not kept."""
    raised = (
        status == "timeout" and _raised(old.get("timeout_s"), limits.timeout_s)
    ) or (status == "oom" and _raised(old.get("memory_mb"), limits.memory_mb))
    unmade = not old and status in ("skipped", "error")
    return status in retry or raised or unmade


def _raised(old: float | None, new: float | None) -> bool:
    return old is not None and (new is None or new > old)


def changed_since(writer: StudyWriter, origins: Mapping[str, str]) -> list[str]:
    """Return in words what differs from the study's last sweep that used the same.

    Parameters
    ----------
    writer : StudyWriter
    origins : mapping
        What results depend on beside their parameters: "source of solver hals" to a
        hash, "numpy" to a version, "data of dataset file" to a fingerprint.
    """
    before = writer.last_origins()
    changed = []
    for what, now in origins.items():
        old = before.get(what)
        if old is not None and old != now:
            is_version = len(now) < 20
            changed.append(f"{what} ({old} -> {now})" if is_version else what)
    return changed


def reuse_notes(
    counts: Mapping[str, int],
    unfit: Sequence[Planned],
    again: Sequence[str],
    changed: list[str],
) -> list[str]:
    """Return in sentences what is reused, what is made again, and what changed."""
    left, not_made = counts.get("left", 0), {planned.key for planned in unfit}
    reused = sum(counts.values()) - left - len(unfit)
    lost = sum(planned.status == "error" for planned in unfit)
    failed = {s: counts.get(s, 0) - (lost if s == "error" else 0) for s in FAILED}
    kept = [status for status, n in failed.items() if n]
    notes = []
    if reused:
        note = f"{reused} runs were already done and are reused"
        if kept:
            n = sum(failed.values())
            note += f"; {n} of them failed: retry={','.join(kept)} makes them again"
        notes.append(note)
    if n_again := len(set(again) - not_made):
        notes.append(f"{n_again} runs are made again (retry, or a raised limit)")
    if left and changed:
        notes.append(
            "results from before are not used where these changed: "
            + "; ".join(changed)
        )
    return notes
