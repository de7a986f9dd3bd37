"""One run, from a job to its messages; what a plugin does wrong ends as a sentence.

A job and its messages are described in docs/architecture.md. Nothing here imports Hydra
or the configuration: a job is plain values.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from nmflab.contracts import Dataset, Extra, Factors, FittedRun, Origin
from nmflab.fetching import terms_of
from nmflab.instances import build
from nmflab.loop.warmup import warm_up
from nmflab.materialise import materialise
from nmflab.registry import Registry, UnknownPlugin
from nmflab.run.assemble import assemble
from nmflab.run.fitted import fitted_run
from nmflab.run.guard import RunFailed, collected_warnings, doing
from nmflab.run.measure import Measured, measure, metrics_message
from nmflab.run.prepared import Job, measured_on, prepare, reference
from nmflab.run.record import (
    Arrays,
    blank_record,
    factor_arrays,
    fill_failure,
    fill_restarts,
    n_threads,
    peak_memory_mb,
    read_factors,
    save_factors,
)
from nmflab.run.refit import refit
from nmflab.run.restarts import run_starts
from nmflab.run.seeds import role_rng
from nmflab.verify import broken_descent, n_active

Record = dict[str, Any]

_SPOKEN = (ValueError, OSError, UnknownPlugin)
"""Exceptions whose messages are sentences for the user."""


class Send(Protocol):
    """What messages are handed to."""

    def __call__(self, message: Record, arrays: Arrays | None = None, /) -> None:
        """Take one message and the arrays beside it."""
        ...


def execute(job: Job, registry: Registry, send: Send) -> None:
    """Do one run: send "fit" once, and after it "metrics" once.

    A plugin that raises makes the status "error" ("oom" for a MemoryError), one that
    returns what it must not makes it "invalid"; metrics are measured of "ok" runs only.
    """
    with collected_warnings() as warned:
        record, arrays, run = _fit(job, registry)
    record["warnings"] += warned
    send(record, arrays)
    _send_metrics(job, registry, send, run)


def compute_metrics(job: Job, registry: Registry, send: Send, arrays: Arrays) -> None:
    """Measure metrics of stored factors: send "metrics" once.

    Parameters
    ----------
    job : mapping
        As for `execute`, with ``factors``: ``{"path", "sha256"}`` or null.
    arrays : dict
        W, H and the offsets there are, where they are sent along.
    """
    try:
        with collected_warnings(), doing("no metrics", *_SPOKEN):
            factors = read_factors(job, arrays)
            run = fitted_run(measured_on(job), factors, job["axes"])
    except RunFailed as failure:
        problems = dict.fromkeys(job["metrics"], failure.reason)
        send(metrics_message(job, Measured({}, problems), 0.0, []))
        return
    _send_metrics(job, registry, send, run)


def materialise_job(job: Job, registry: Registry, send: Send) -> None:
    """Load a dataset and write its folder: send "materialised" or "failed" once."""
    node = job["dataset"]
    facts: dict[str, Any] = {}
    failure: RunFailed | None = None
    with collected_warnings() as warned:
        try:
            facts = _materialise(node, registry, Path(job["into"]))
        except RunFailed as failed:
            failure = failed
    if failure is None:
        send({"type": "materialised", "facts": facts, "warnings": warned})
        return
    message = {"type": "failed", "reason": failure.reason, "warnings": warned}
    send({**message, "traceback": failure.traceback, "status": failure.status})


def _materialise(node: Job, registry: Registry, into: Path) -> dict[str, Any]:
    with doing(f"dataset {node['name']} cannot be configured", *_SPOKEN):
        spec = registry.get("dataset", node["name"])
        loader = build(spec.dataset, node, "dataset")
        rng = role_rng(node.get("seed", 0), "dataset")
    with doing(f"dataset {node['name']} could not be loaded", ValueError, OSError):
        dataset = loader.load(rng)
    if not isinstance(dataset, Dataset):
        returned = f"its load returned a {type(dataset).__name__}, not a Dataset"
        raise RunFailed(f"dataset {node['name']} could not be loaded: {returned}")
    dataset = _with_origin(dataset, spec.origin_of(loader))
    with doing(f"dataset {node['name']} cannot be used", ValueError, OSError):
        return dict(materialise(dataset, into))


def _with_origin(dataset: Dataset, origin: Origin | None) -> Dataset:
    """Return the dataset with its publisher's terms, where it does not say its own."""
    if origin is None:
        return dataset
    published: dict[str, Extra] = {
        "licence": terms_of(origin),
        "citation": origin.citation,
        "source": origin.page,
    }
    return replace(dataset, extras={**published, **dataset.extras})


def _fit(job: Job, registry: Registry) -> tuple[Record, Arrays, FittedRun | None]:
    """Return the record, the arrays to send beside it, and the run if it is ok."""
    record, arrays = blank_record(job["key"]), Arrays()
    run: FittedRun | None = None
    try:
        with doing("nmflab itself failed in this run"):
            run = _solve_job(job, registry, record, arrays)
    except RunFailed as failure:
        fill_failure(record, failure)
    record["threads"], record["peak_memory_mb"] = n_threads(), peak_memory_mb()
    return record, arrays, run


def _solve_job(
    job: Job, registry: Registry, record: Record, arrays: Arrays
) -> FittedRun | None:
    began = time.perf_counter()
    with doing("the problem could not be made", *_SPOKEN):
        prepared = prepare(job)
    record["load_seconds"] = time.perf_counter() - began
    record["warnings"] += prepared.notes
    with doing("the run could not be set up", *_SPOKEN):
        made = assemble(job, registry, prepared)
    record["warnings"] += made.notes
    if job["settings"].get("refit") and prepared.validation is None:
        record["warnings"].append(
            "refit=true had nothing to put back: the split sets no validation cells"
            " aside; give split.validation, such as 0.1"
        )
    warm_up(made.task.solver, made.task.problem, made.starter.n_components)
    seed = job["axes"]["seed"]
    make = made.starter.make
    done = run_starts(made.task, make, seed, made.n_starts, made.halving)
    fill_restarts(record, done)
    arrays["trace"] = done.trace()
    if made.is_monotone:
        broken = broken_descent(arrays["trace"], made.task.problem.dtype)
        if broken is not None:
            record["warnings"].append(f"solver {made.task.name} {broken}")
    if not prepared.is_unchanged():
        name = job["axes"]["solver"]["name"]
        reason = f"X was changed while solver {name} ran; it must only be read"
        record.update(status="invalid", reason=reason, stop=None)
    factors = None if done.best is None else done.best.factors
    if factors is None or record["status"] not in ("ok", "invalid"):
        return None
    measured = measured_on(job)
    if measured is not prepared and record["status"] == "ok":
        again = refit(made, measured, done, seed)
        if again is not None:
            record.update(again.columns())
            factors = again.factors
    if record["status"] == "ok":
        record["objective_rank_one"] = reference(job)
    if prepared.block is not None:
        with doing("the factors could not be completed", ValueError):
            factors = prepared.block.complete(factors)
    record["n_active"] = n_active(factors)
    _keep_factors(job, record, arrays, factors)
    if record["status"] != "ok":
        return None
    return fitted_run(measured, factors, job["axes"])


def _keep_factors(job: Job, record: Record, arrays: Arrays, factors: Factors) -> None:
    """Send small factors along; write large ones to a file, if there is a folder."""
    named = factor_arrays(factors)
    if sum(array.nbytes for array in named.values()) <= job["inline_bytes"]:
        arrays.update(named)
        return
    if job["factors_folder"] is None:
        return
    folder = Path(job["factors_folder"])
    try:
        record["factors"] = save_factors(named, folder, job["key"])
    except OSError as error:
        record["warnings"].append(
            f"the factors could not be written to {folder} ({error}); the run counts,"
            " but metrics added later cannot be computed: free some space, or choose a"
            " study folder that can be written to, and run it again"
        )


def _send_metrics(
    job: Job, registry: Registry, send: Send, run: FittedRun | None
) -> None:
    began, measured = time.perf_counter(), Measured()
    with collected_warnings() as warned:
        if run is not None:
            measured = measure(job["metrics"], registry, run)
    seconds = time.perf_counter() - began
    send(metrics_message(job, measured, seconds, warned))
