"""Damped multiplicative updates, with an experiment and a section for the report."""

from __future__ import annotations

import html
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nmflab.contracts import (
    Factors,
    Problem,
    Promises,
    ReportSection,
    SolverSpec,
    Takes,
)
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Damped:
    """Damped updates ``H ← H ∘ (1 − d + d · W'X / W'WH)``, then W likewise.

    Parameters
    ----------
    damping : float, default 0.5
        Share d of the multiplicative update that is taken; above 0, at most 1.
    """

    damping: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.damping <= 1:
            raise ValueError(
                f"solver.damping must be above 0 and at most 1, got {self.damping}"
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors, None, None]:
        """Yield the factors after each step, without end."""
        X: Any = problem.X
        W, H = init.W, init.H
        while True:
            H = self._updated(H, W.T @ X, W.T @ W @ H)
            W = self._updated(W, X @ H.T, W @ (H @ H.T))
            yield Factors(W, H)

    def _updated(self, factor: Any, above: Any, below: Any) -> Any:
        tiny = np.finfo(factor.dtype).tiny  # 0 / 0 where the model is 0: stay there
        kept, taken = (
            factor.dtype.type(1 - self.damping),
            factor.dtype.type(self.damping),
        )
        return factor * (kept + taken * above / np.maximum(below, tiny))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Declare the solver."""
    yield SolverSpec(
        name="damped",
        solver=Damped,
        takes=Takes(losses=frozenset({"frobenius"})),
        promises=Promises(monotone=True),
        examples=(Damped(), Damped(damping=1.0)),
    )


@hookimpl
def nmflab_config_dirs() -> Iterable[Path]:
    """Name the folder that holds ``experiment/damping.yaml``."""
    yield Path(__file__).parent / "conf"


@hookimpl
def nmflab_report_sections() -> Iterable[ReportSection]:
    """Declare a section that counts the runs of the solver."""
    yield ReportSection(name="damped", title="Damped runs", render=_render)


def _render(store: Any) -> str:
    runs = store.runs()
    labels = runs.loc[runs["solver"].str.startswith("damped"), "solver"]
    return f"<p>Damped solvers: {html.escape(', '.join(sorted(labels)))}.</p>"


@hookimpl
def nmflab_run_end(study: Path, row: Any) -> None:
    """Keep the key of the last run that ended."""
    (study / "last_run.txt").write_text(str(row["key"]), encoding="utf-8")
