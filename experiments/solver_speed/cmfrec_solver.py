"""cmfrec's non-negative ALS as a solver of nmflab: one call, one step.

A plugin, found by the entry point `measure.py` writes for it where cmfrec is installed:
timed by the same clock, on the same cells, in the same process as all others, its
objective evaluated by the framework.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from nmflab.contracts import Factors, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Cmfrec:
    """``cmfrec.CMF(method="als", nonneg=True)`` without offsets, from its own start.

    It minimises ``Σ_obs (x − w·h)² + λ(‖W‖² + ‖H‖²)``, twice nmflab's objective with
    ``l2_W = l2_H = λ``.

    Parameters
    ----------
    n_iter : int, default 30
        Iterations of the call; cmfrec has no tolerance to stop by.
    """

    n_iter: int = 30

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Step, None, str]:
        """Yield once; raise ValueError for penalties cmfrec's call has no word for."""
        from cmfrec import CMF

        objective, X = problem.objective, _coo(problem.X)
        if objective.l2_W != objective.l2_H:
            raise ValueError("cmfrec has one lambda here: set l2_W and l2_H alike")
        model = CMF(
            k=init.n_components,
            lambda_=objective.l2_W,
            method="als",
            use_cg=False,
            nonneg=True,
            user_bias=False,
            item_bias=False,
            center=False,
            niter=self.n_iter,
            precompute_for_predictions=False,
            use_float=problem.dtype == np.float32,
            random_state=int(rng.integers(2**31)),
            nthreads=_n_threads(),
            verbose=False,
        )
        model.fit(X)
        yield Step(Factors(model.A_, model.B_.T), n_steps=self.n_iter)
        return f"cmfrec did its {self.n_iter} iterations"


def _coo(X: Any) -> Any:
    """Return a CSR as the COO matrix that cmfrec takes, int32 indices."""
    from scipy.sparse import coo_matrix

    rows = np.repeat(np.arange(X.shape[0], dtype=np.int32), np.diff(X.indptr))
    return coo_matrix((X.data, (rows, X.indices)), shape=X.shape)


@cache
def _n_threads() -> int:
    """Return how many threads the run may use, as the framework has set them.

    Asked in the warm-up, outside the clock: looking through the loaded libraries takes
    milliseconds. A process keeps its number of threads.
    """
    from threadpoolctl import threadpool_info

    return max((int(pool["num_threads"]) for pool in threadpool_info()), default=1)


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Declare `cmfrec`."""
    yield SolverSpec(
        name="cmfrec",
        solver=Cmfrec,
        takes=Takes(
            penalties=frozenset({"l2"}), missing=True, complete=False, dense=False
        ),
        promises=Promises(random=True, init="own"),
        requires=("cmfrec>=3.5",),
    )
