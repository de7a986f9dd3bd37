"""How many of the planned runs finished, and what became of the rest."""

from __future__ import annotations

from nmflab.report.content import Sentence, Status, Tone
from nmflab.report.numbers import count
from nmflab.report.reading.material import FAILED, LIMITS, Material


def statuses(material: Material, n_warnings: int) -> list[Status]:
    """Return the status strip: every planned run under one count, none twice."""
    counts = material.runs["status"].value_counts().to_dict()
    strip = [
        Status("planned", len(material.runs), "asked"),
        Status("ok", int(counts.get("ok", 0)), "results", "good"),
    ]
    for status in FAILED:
        n = int(counts.get(status, 0))
        grave: Tone = "danger" if n else ""
        strip.append(Status(status, n, "failures", grave))
    strip.append(Status("skipped", int(counts.get("skipped", 0)), "skipped"))
    left = int(counts.get("left", 0))
    strip.append(Status("not run", left, "asked", "warning" if left else ""))
    tone: Tone = "warning" if n_warnings else ""
    return [*strip, Status("warnings", n_warnings, "warnings", tone)]


def completeness(material: Material) -> Sentence:
    """Return how many of the planned runs finished, and what became of the rest."""
    counts = material.runs["status"].value_counts().to_dict()
    total, ok = len(material.runs), int(counts.get("ok", 0))
    if total == 0:
        return Sentence("This study is empty: no run was planned.", "asked")
    failed = sum(int(counts.get(status, 0)) for status in FAILED)
    rest = [
        f"{n:,} {what}"
        for n, what in (
            (failed, "failed"),
            (int(counts.get("skipped", 0)), "skipped as unfit"),
            (int(counts.get("left", 0)), "not run yet"),
        )
        if n
    ]
    if not rest:
        one = "The one planned run finished."
        return Sentence(
            one if total == 1 else f"All {total:,} planned runs finished.", "runs"
        )
    text = f"{ok:,} of {total:,} planned runs finished ({', '.join(rest)})"
    if failed:
        text += "; what is said here is of those that did"
    return Sentence(f"{text}.", "failures" if failed else "skipped")


def limited(material: Material) -> list[Sentence]:
    """Return how many runs ended at a limit and not by converging, where any did."""
    runs = material.finished
    stops = runs.loc[runs["stop"].isin(LIMITS), "stop"]
    if stops.empty:
        return []
    named = " or ".join(f"stop.{name}" for name in sorted(set(stops)))
    n, total = len(stops), len(runs)
    whose = "it" if n == 1 else "they"
    subject = f"{n:,} of {total:,} finished runs" if n < total else _all_of(total)
    return [
        Sentence(
            f"{subject} stopped at {named}: {whose} had not converged, and more steps"
            " may change figures and ranks.",
            "convergence",
        )
    ]


def _all_of(total: int) -> str:
    return "The one finished run" if total == 1 else f"All {total:,} finished runs"


def filled(material: Material) -> list[Sentence]:
    """Return in how many runs missing cells were taken as 0, where in any."""
    n = int(material.runs["zero_filled"].sum())
    if not n:
        return []
    those = "that run says" if n == 1 else "those runs say"
    text = (
        f"In {count(n, 'run')} missing cells were taken as 0: what {those} of missing"
        " cells was put there, not found."
    )
    return [Sentence(text, "warnings")]
