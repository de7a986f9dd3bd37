"""Studies as large as asked, written straight into a store: no solver runs.

What a report reads of a run is all there: labels, results, a trace, factors, metrics.
Factors are those of planted data, blurred; the objective falls towards one of three
basins, at a rate that depends on the solver.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nmflab.contracts import TRACE_COLUMNS, Dataset, Factors, Matrix
from nmflab.provenance import provenance
from nmflab.store import StudyWriter

SHAPE = (100, 40)
RANK = 6
SOLVERS = ("hals", "mu", "pgd", "anls", "gcd", "a_hals", "e_a_hals", "ao_admm")
WORST_BASIN = 0.02
"""How far above the best the worst of the basins lies, as a share of it."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """How many of each axis; `n_points` is how long each run's trace is."""

    name: str
    n_datasets: int
    n_solvers: int
    sizes: tuple[int, ...]
    n_seeds: int
    n_points: int

    @property
    def n_runs(self) -> int:
        """How many runs the study has."""
        return self.n_datasets * self.n_solvers * len(self.sizes) * self.n_seeds


THOUSAND = Grid(
    name="thousand",
    n_datasets=5,
    n_solvers=5,
    sizes=(2, 4, 6, 8),
    n_seeds=10,
    n_points=300,
)
TEN_THOUSAND = Grid(
    name="ten_thousand",
    n_datasets=10,
    n_solvers=5,
    sizes=(2, 4, 6, 8),
    n_seeds=50,
    n_points=300,
)

GRIDS = {grid.name: grid for grid in (THOUSAND, TEN_THOUSAND)}


@dataclass(frozen=True)
class Planted:
    """A data set, and the factors that it was made from."""

    label: str
    fingerprint: str
    data: Dataset
    truth: Factors


@dataclass(frozen=True)
class Labels:
    """One cell of the grid, in the order that runs are planned: seeds outermost."""

    seed: int
    dataset: int
    solver: int
    n_components: int

    @property
    def key(self) -> str:
        """As long as the key of a true run."""
        return hashlib.blake2b(repr(self).encode(), digest_size=16).hexdigest()


def cells(grid: Grid) -> Iterator[Labels]:
    """Yield every run of the grid."""
    axes = (range(grid.n_seeds), range(grid.n_datasets), range(grid.n_solvers))
    for seed, dataset, solver, size in product(*axes, grid.sizes):
        yield Labels(seed, dataset, solver, size)


def planted(number: int) -> Planted:
    """Return data of `RANK` components and a tenth of noise."""
    rng = np.random.default_rng(number)
    n, p = SHAPE
    W, H = rng.gamma(0.5, 1.0, (n, RANK)), rng.gamma(0.5, 1.0, (RANK, p))
    X = W @ H
    X += 0.1 * X.mean() * rng.random(X.shape)
    label = f"planted_{number}"
    print_of = hashlib.blake2b(label.encode(), digest_size=16).hexdigest()
    data = Dataset(
        X=X,
        row_names=[f"sample {i}" for i in range(n)],
        column_names=[f"feature {j}" for j in range(p)],
        extras={"licence": "made up", "source": "experiments/report_speed"},
    )
    return Planted(label, print_of, data, Factors(W, H))


def write_study(folder: Path, grid: Grid) -> None:
    """Write a finished study of the grid into `folder`."""
    sets = [planted(number) for number in range(grid.n_datasets)]
    writer = StudyWriter(folder)
    sweep = writer.begin_sweep(
        command=[f"study={grid.name}"],
        base=_BASE,
        provenance=provenance(threads=1),
    )
    for one in sets:
        writer.add_dataset(one.label, {"name": one.label}, _facts(one), one.data)
    writer.add_plan(sweep, (_plan(cell, sets) for cell in cells(grid)))
    writer.add_metric_info(_METRICS)
    for cell in cells(grid):
        _add_run(writer, sweep, cell, sets[cell.dataset], grid.n_points)
    writer.finish_sweep(sweep)
    writer.close()


_BASE = {
    "weighting": {"name": "none"},
    "split": {"name": "none", "seed": 0},
    "objective": {"loss": "frobenius"},
    "init": {"name": "random"},
    "dtype": "float64",
    "stop": {"kkt": 1e-4, "max_steps": 10_000},
    "missing_as_zero": False,
}


def _facts(one: Planted) -> dict[str, object]:
    X = np.asarray(one.data.X)
    return {
        "n_samples": X.shape[0],
        "n_features": X.shape[1],
        "n_stored": X.size,
        "n_observed": X.size,
        "storage": "dense",
        "missing": "none",
        "minimum": float(X.min()),
        "maximum": float(X.max()),
        "fingerprint": one.fingerprint,
        "warnings": [],
    }


def _plan(cell: Labels, sets: list[Planted]) -> tuple[str, list[object], str]:
    labels = [
        sets[cell.dataset].label,
        "none",
        "none",
        "frobenius",
        "random",
        SOLVERS[cell.solver],
        cell.n_components,
        cell.seed,
        "float64",
        "",
    ]
    changes = {
        "dataset": {"name": sets[cell.dataset].label},
        "solver": {"name": SOLVERS[cell.solver]},
        "n_components": cell.n_components,
        "seed": cell.seed,
    }
    return cell.key, labels, json.dumps(changes)


def _add_run(
    writer: StudyWriter, sweep: int, cell: Labels, one: Planted, n_points: int
) -> None:
    rng = np.random.default_rng(
        (cell.seed, cell.dataset, cell.solver, cell.n_components)
    )
    factors = blurred(one.truth, cell.n_components, rng)
    X = np.asarray(one.data.X)
    error = float(np.linalg.norm(X - factors.W @ factors.H) / np.linalg.norm(X))
    half = 0.5 * float(np.linalg.norm(X)) ** 2
    trace = falling(cell, half, half * error**2, n_points, rng)
    arrays = {"W": factors.W, "H": factors.H, "trace": trace}
    writer.add_fit(cell.key, sweep, _record(one, cell, trace), arrays)
    writer.add_metrics(cell.key, _measured(factors, error), {}, {})


def blurred(truth: Factors, n_components: int, rng: np.random.Generator) -> Factors:
    """Return some components of the truth, each entry up to a fifth away from it."""
    at = rng.permutation(np.arange(n_components) % RANK)
    parts = (truth.W[:, at], truth.H[at])
    W, H = (part * (0.8 + 0.4 * rng.random(part.shape)) for part in parts)
    return Factors(W, H)


def falling(
    cell: Labels, start: float, end: float, n_points: int, rng: np.random.Generator
) -> Vector:
    """Return a trace that falls from `start` to a basin near `end`; see the module."""
    steps = np.unique(np.round(np.geomspace(1, 20 * n_points, 2 * n_points)))
    steps = np.concatenate([[0.0], steps[-(n_points - 1) :]])
    final = end * (1 + WORST_BASIN * rng.integers(3) / 2)
    rate = 0.004 * 2.0**-cell.solver * (0.8 + 0.4 * rng.random())
    share = np.exp(-rate * steps) / (1 + 0.1 * steps)
    trace = np.zeros((n_points, len(TRACE_COLUMNS)))
    columns = {
        "step": steps,
        "passes": 2 * steps,
        "seconds": steps * 3e-4 * (1 + cell.solver / 4),
        "cpu_seconds": steps * 2.9e-4 * (1 + cell.solver / 4),
        "objective": final + (start - final) * share,
        "kappa": share,
        "validation": np.full(n_points, np.nan),
    }
    for name, values in columns.items():
        trace[:, TRACE_COLUMNS.index(name)] = values
    return trace


def _record(one: Planted, cell: Labels, trace: Vector) -> dict[str, object]:
    first, last = (dict(zip(TRACE_COLUMNS, row, strict=True)) for row in trace[[0, -1]])
    return {
        "status": "ok",
        "reason": "the residual fell to stop.kkt=0.0001",
        "stop": "kkt",
        "fingerprint": one.fingerprint,
        "started": "2026-01-01T00:00:00+00:00",
        "n_steps": last["step"],
        "passes": last["passes"],
        "seconds": last["seconds"],
        "cpu_seconds": last["cpu_seconds"],
        "objective_start": first["objective"],
        "objective_value": last["objective"],
        "kappa": last["kappa"],
        "n_active": cell.n_components,
        "n_reseeded": 0,
        "start_hash": f"{cell.dataset}-{cell.n_components}-{cell.seed}",
        "beside": 0,
        "threads": 1,
        "minimises": "shared",
        "nonnegative": "WH",
        "warnings": [],
    }


_METRICS = {
    "relative_error": {"direction": "lower", "doc": "Relative error.", "unit": ""},
    "hoyer_sparseness": {"direction": "higher", "doc": "Sparseness.", "unit": ""},
    "component_overlap": {"direction": "lower", "doc": "Overlap.", "unit": ""},
    "top_features": {"direction": "none", "doc": "Heaviest features.", "unit": ""},
}


def _measured(factors: Factors, error: float) -> dict[str, float | str]:
    H = factors.H / np.linalg.norm(factors.H, axis=1, keepdims=True)
    overlap = (H @ H.T)[~np.eye(len(H), dtype=bool)]
    heavy = np.argsort(-H, axis=1)[:, :10]
    found: dict[str, float | str] = {
        "relative_error_all": error,
        "hoyer_sparseness_H": hoyer(factors.H.T),
        "hoyer_sparseness_W": hoyer(factors.W),
        "component_overlap": float(overlap.mean()),
    }
    for number, row in enumerate(heavy, start=1):
        found[f"top_features_{number}"] = ", ".join(f"feature {j}" for j in row)
    return found


def hoyer(M: Matrix) -> float:
    """Return the mean over columns of ``(√n − ‖x‖₁/‖x‖₂) / (√n − 1)``."""
    root = np.sqrt(M.shape[0])
    ratio = np.abs(M).sum(axis=0) / np.linalg.norm(M, axis=0)
    return float(((root - ratio) / (root - 1)).mean())
