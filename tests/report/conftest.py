"""Studies written through the store's own door, for the report to be built from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset, ReportSection
from nmflab.store import Store, StudyWriter
from tests.report.visiting import chromium

RATINGS = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]], dtype=float
)
USERS = ["Ann", "Bob", "Cleo", "Dan", "Eve"]
FILMS = ["Alien", "Brazil", "Casablanca", "Dune"]

PROVENANCE = {
    "python": "3.11.7",
    "platform": "Linux",
    "cpu": "a processor",
    "cores": 2,
    "blas": [{"internal_api": "openblas", "version": "0.3"}],
    "threads": 1,
    "git": {"commit": "0123abcd", "dirty": True},
    "versions": {"nmflab": "0.1.0", "numpy": "2.0.0", "another": "1.0"},
}

METRIC_INFO = {
    "relative_error": {
        "direction": "lower",
        "unit": "dimensionless",
        "doc": "Relative reconstruction error.",
    },
    "hoyer_sparseness": {
        "direction": "higher",
        "unit": "dimensionless",
        "doc": "Hoyer.",
    },
}


def multiplicative(
    X: np.ndarray, mask: np.ndarray, k: int, seed: int, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return W, H and the trace of masked multiplicative updates."""
    rng = np.random.default_rng(seed)
    n, p = X.shape
    W, H = rng.random((n, k)) + 0.1, rng.random((k, p)) + 0.1
    points = []
    for step in range(steps + 1):
        objective = 0.5 * float((mask * (X - W @ H) ** 2).sum())
        if step < 4 or step % 10 == 0 or step == steps:
            points.append(
                [0, step, step, step * 2e-4, step * 1.9e-4, objective, 0.1, np.nan]
            )
        H = H * (W.T @ (mask * X)) / (W.T @ (mask * (W @ H)) + 1e-12)
        W = W * ((mask * X) @ H.T) / ((mask * (W @ H)) @ H.T + 1e-12)
    return W, H, np.array(points)


class Study:
    """Writes a study run by run; the key of each run follows from its labels."""

    RATINGS = RATINGS
    USERS = USERS
    FILMS = FILMS

    def __init__(self, folder: Path, **base: Any) -> None:
        self.folder = folder
        self.closed = False
        self.writer = StudyWriter(folder)
        self.base = {
            "stop": {"kkt": 1e-4, "max_steps": 200},
            "missing_as_zero": False,
            "objective": {"loss": "frobenius"},
            **base,
        }
        self.sweep = 0
        self.plan: list[tuple[str, Sequence[Any], str]] = []
        self.fits: list[Callable[[], None]] = []

    def dataset(
        self,
        label: str,
        dataset: Dataset,
        *,
        fingerprint: str | None = None,
        n_stored: int | None = None,
        **config: Any,
    ) -> str:
        """Record a dataset, of this configuration, and return its fingerprint."""
        print_of = hashlib.blake2b(label.encode(), digest_size=16).hexdigest()
        fingerprint = fingerprint or print_of
        X = dataset.X
        observed = X.size if dataset.mask is None else int(dataset.mask.sum())
        facts = {
            "n_samples": X.shape[0],
            "n_features": X.shape[1],
            "n_stored": X.size if n_stored is None else n_stored,
            "n_observed": observed,
            "storage": "dense" if isinstance(X, np.ndarray) else "csr",
            "missing": dataset.missing,
            "minimum": float(X.min()),
            "maximum": float(X.max()),
            "fingerprint": fingerprint,
            "warnings": [],
        }
        self.writer.add_dataset(label, {"name": label, **config}, facts, dataset)
        return fingerprint

    def run(
        self,
        record: Mapping[str, Any],
        *,
        arrays: Mapping[str, np.ndarray] | None = None,
        metrics: Mapping[str, float | str] | None = None,
        problems: Mapping[str, str] | None = None,
        changes: Mapping[str, Any] | None = None,
        **labels: Any,
    ) -> str:
        """Plan a run and record how it ended; an empty record leaves it not run."""
        given = {
            "dataset": "data",
            "weighting": "none",
            "split": "none",
            "objective": "frobenius",
            "init": "random",
            "solver": "mu",
            "n_components": 2,
            "seed": 0,
            "dtype": "float64",
            "case": "",
            **labels,
        }
        told = json.dumps([given, dict(changes or {})], sort_keys=True)
        key = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        self.plan.append((key, list(given.values()), json.dumps(changes or {})))
        if record:
            self.fits.append(
                lambda: self._record(
                    key, record, arrays or {}, metrics or {}, problems or {}
                )
            )
        return key

    def _record(
        self,
        key: str,
        record: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        metrics: Mapping[str, float | str],
        problems: Mapping[str, str],
    ) -> None:
        self.writer.add_fit(key, self.sweep, {**OK, **record}, arrays)
        if metrics or problems:
            self.writer.add_metrics(key, metrics, problems, {})

    def fitted(
        self,
        X: np.ndarray,
        mask: np.ndarray | None = None,
        *,
        fingerprint: str,
        k: int,
        seed: int,
        steps: int = 60,
        record: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | str] | None = None,
        **labels: Any,
    ) -> str:
        """Record a run with true factors, trace and metrics."""
        full = np.ones(X.shape) if mask is None else mask.astype(float)
        W, H, trace = multiplicative(X, full, k, seed, steps)
        error = np.sqrt(2 * trace[-1, 5]) / np.linalg.norm(full * X)
        sparseness = float(np.mean(0.1 * H.max() > H))
        return self.run(
            {
                "fingerprint": fingerprint,
                "objective_start": trace[0, 5],
                "objective_value": trace[-1, 5],
                "seconds": trace[-1, 3],
                "cpu_seconds": trace[-1, 4],
                "n_steps": steps,
                "n_active": k,
                **(record or {}),
            },
            arrays={"W": W, "H": H, "trace": trace},
            metrics={
                "relative_error": float(error),
                "hoyer_sparseness_H": sparseness,
                "top_features": "a, b",
                **(metrics or {}),
            },
            n_components=k,
            seed=seed,
            **labels,
        )

    def close(
        self,
        *,
        command: Sequence[str] = ("dataset=data", "solver=mu"),
        notes: Sequence[str] = (),
        metric_info: Mapping[str, Mapping[str, Any]] = METRIC_INFO,
        plugin_failures: Sequence[Mapping[str, Any]] = (),
        provenance: Mapping[str, Any] = {},
    ) -> None:
        """Write everything planned."""
        self.sweep = self.writer.begin_sweep(
            command=command,
            base=self.base,
            provenance={**PROVENANCE, **provenance},
            plugin_failures=plugin_failures,
        )
        self.writer.set_notes(self.sweep, notes)
        self.writer.add_plan(self.sweep, self.plan)
        for fit in self.fits:
            fit()
        self.writer.add_metric_info(metric_info)
        self.writer.finish_sweep(self.sweep)
        self.writer.close()
        self.closed = True

    def read(self, **how: Any) -> Store:
        """Write everything planned, if that was not done, and open the store."""
        if not self.closed:
            self.close(**how)
        return Store.open(self.folder)

    @staticmethod
    def masked() -> Dataset:
        """Return five users' ratings of four films, zeros missing."""
        return Dataset(
            X=RATINGS,
            missing="mask",
            mask=RATINGS > 0,
            row_names=USERS,
            column_names=FILMS,
            extras={
                "licence": "CC0",
                "citation": "@misc{ratings}",
                "source": "made up",
            },
        )


OK = {
    "status": "ok",
    "reason": "the residual fell to stop.kkt=0.0001",
    "stop": "kkt",
    "threads": 1,
    "beside": 0,
    "minimises": "shared",
    "nonnegative": "WH",
}


def write_full(folder: Path) -> None:
    """Write a study with every status, several solvers, sizes, seeds and data sets."""
    study = Study(folder)
    ratings = study.dataset(
        "ratings", Dataset(X=RATINGS, row_names=USERS, column_names=FILMS)
    )
    masked = study.dataset("ratings(zeros=missing)", study.masked())
    rng = np.random.default_rng(0)
    large = rng.random((100, 3)) @ rng.random((3, 50)) + 0.1 * rng.random((100, 50))
    names = [f"product {j + 1}" for j in range(50)]
    bought = study.dataset(
        "purchases", Dataset(X=large, column_names=names), n_stored=10**6
    )
    for seed in range(3):
        for k in (2, 3):
            for solver, steps in (("mu", 200), ("hals", 60)):
                where = {"k": k, "seed": seed, "steps": steps, "solver": solver}
                study.fitted(RATINGS, fingerprint=ratings, dataset="ratings", **where)
                study.fitted(large, fingerprint=bought, dataset="purchases", **where)
                study.fitted(
                    large,
                    fingerprint=bought,
                    dataset="purchases",
                    init="nndsvda",
                    **{**where, "seed": seed + 10},
                )
            study.fitted(
                RATINGS,
                RATINGS > 0,
                fingerprint=masked,
                k=k,
                seed=seed,
                dataset="ratings(zeros=missing)",
                solver="masked_hals",
            )
    study.fitted(
        RATINGS,
        fingerprint=masked,
        k=2,
        seed=0,
        dataset="ratings(zeros=missing)",
        solver="mu",
        changes={"missing_as_zero": True},
    )
    study.fitted(
        RATINGS,
        fingerprint=ratings,
        k=2,
        seed=0,
        dataset="ratings",
        solver="minvol",
        record={"minimises": "own", "own_objective": 3.2, "n_active": 1, "beside": 1},
    )
    for seed in range(4):
        study.run(
            {
                "status": "error",
                "stop": None,
                "reason": f"solver broken raised at step {seed}",
                "traceback": "Traceback: <b>boom</b>",
            },
            dataset="ratings",
            solver="broken",
            seed=seed,
        )
    study.run({"status": "timeout", "reason": "no answer in 60 s"}, solver="slow")
    study.run({"status": "invalid", "reason": "W holds -3"}, solver="liar")
    study.run(
        {"status": "skipped", "reason": "mu cannot fit itakura_saito"},
        objective="itakura_saito",
    )
    study.run({}, solver="later")
    study.close(
        command=["dataset=ratings,purchases", "solver=mu,hals", "seed=range(3)"],
        notes=["init nndsvda is not random: one seed is enough (2 left out)"],
        plugin_failures=[
            {
                "entry_point": "bad",
                "distribution": "nmf-bad",
                "version": "1",
                "reason": "x",
            }
        ],
    )


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return an empty study to write runs into."""
    return Study(tmp_path / "study")


@pytest.fixture(scope="session")
def full_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study folder with every status, small, large and masked data."""
    folder = tmp_path_factory.mktemp("studies") / "everything"
    write_full(folder)
    return folder


@pytest.fixture(scope="session")
def full_report(full_study: Path) -> Path:
    """Return the page of the report of that study."""
    import nmflab.report

    wide = "<td>a_column_of_a_plugin</td>" * 12
    guest = ReportSection(
        name="wide",
        title="A wide table of a plugin",
        render=lambda _: (
            f"<p>Said.</p><table><caption>Wide</caption><tr>{wide}</tr></table>"
        ),
    )
    with Store.open(full_study) as store:
        return nmflab.report.build(store, [guest])


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a headless browser, or skip where there is none."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep nmflab's cache inside the tests' own folder."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMFLAB_CACHE", str(folder))
        yield folder
