"""scikit-learn's mini-batch NMF, one pass over the data a step or in one call."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import (
    LOSSES,
    Factors,
    Matrix,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics.model import refuse_values
from nmflab_solvers._choices import check_choice
from nmflab_solvers._rescale import rescale
from nmflab_solvers._sklearn_call import (
    FAR_FROM_ONE,
    Stepping,
    handed_over,
    penalties,
    quiet,
    refusal,
    without_zeros,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from sklearn.decomposition import MiniBatchNMF

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class ScikitLearnMiniBatchNMF:
    """``sklearn.decomposition.MiniBatchNMF`` from the given start.

    For each batch of rows, W of these rows takes one multiplicative update, then
    ``H = (A / B)^g``, where A and B are the numerators and denominators of H's updates
    so far, older ones weighted by ``forget_factor^(batch rows / n_samples)`` each time.

    Parameters
    ----------
    batch_size : int, default 1024
        Rows of a batch, in the order they stand in X.
    forget_factor : float, default 0.7
        Weight of what was seen one pass ago, at least 0 and at most 1 (dimensionless).
    stepping : {"fair", "native"}, default "fair"
        "fair": one pass over all batches a step, stopped by nmflab's criteria as every
        solver is. "native": one call, stopped by the library, and one step.
    tol : float, default 1e-4
        The call stops where H changes by no more than this from one batch to the next,
        relatively (Frobenius norms); 0 never. Read with ``stepping=native``.
    max_no_improvement : int, optional
        The call stops after so many batches without a lower smoothed objective; None
        never. Read with ``stepping=native``.
    max_iter : int, default 200
        Most passes of the one call; read with ``stepping=native``.
    standard_unit : bool, default False
        Whether X is handed over in a unit, a power of four, in which its mean is about
        1. A and B start at H and at 1, an absolute number: otherwise the larger X is,
        the less the start weighs, and a change of units changes the iterates.

    Notes
    -----
    What it minimises is the shared objective, penalties included, as an average over
    past batches that fades; with more than one batch it does not settle at a stationary
    point, and may rise.

    n fair steps give the factors of one call with ``max_iter=n`` that does not stop
    itself, to the last bit. Each step updates every row of W once, so W belongs to the
    H it was updated with; the library's ``fresh_restarts``, which would solve for all
    rows of W anew before factors can be handed over, is not offered. The library has no
    public way to continue a call, so a fair step drives the same private methods that
    the call does, and is refused with a sentence where a version lacks them.

    scikit-learn floors WH at 1.2e-7 where the loss is not frobenius, and sets entries
    below 2.2e-16 to 0 for beta <= 1 (handed over as 1e-20 where that would make the
    loss infinite). Data whose mean is beyond 2^±20 are handed over in another unit in
    any case. What a row weighs depends on its place among the batches.

    References
    ----------
    A. Lefèvre, F. Bach, C. Févotte, "Online Algorithms for Nonnegative Matrix
    Factorization with the Itakura-Saito Divergence", IEEE WASPAA, 2011.
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
    """

    batch_size: int = 1024
    forget_factor: float = 0.7
    stepping: Stepping = Stepping.fair
    tol: float = 1e-4
    max_no_improvement: int | None = 10
    max_iter: int = 200
    standard_unit: bool = False

    def __post_init__(self) -> None:
        for key in ("batch_size", "max_iter", "max_no_improvement"):
            value = getattr(self, key)
            if value is not None and not value >= 1:
                raise ValueError(f"solver.{key} must be >= 1, got {value}")
        if not 0 <= self.forget_factor <= 1:
            raise ValueError(
                "solver.forget_factor must be >= 0 and <= 1, got"
                f" {self.forget_factor}; 0.7 is scikit-learn's default"
            )
        if not 0 <= self.tol < np.inf:
            raise ValueError(
                f"solver.tol must be >= 0 and finite, got {self.tol}; 1e-4 is"
                " scikit-learn's default"
            )
        check_choice("stepping", self.stepping, Stepping)

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each pass over the data; `rng` is not used.

        Raises
        ------
        ValueError
            If the penalties have no counterpart in scikit-learn, or X has a 0 where
            beta <= 0.
        """
        refuse_values(problem, problem.objective.exponent)
        scaled = rescale(problem, most=0 if self.standard_unit else FAR_FROM_ONE)
        X = without_zeros(scaled.problem.X)
        model = self._model(scaled.problem, init.n_components)
        # Own copies: scikit-learn writes into the arrays it is given.
        Wt, H = scaled.enter(init)
        W, n_steps = np.ascontiguousarray(Wt.T), 0
        if self.stepping == Stepping.native and refusal(W, H, 0) is None:
            with quiet():
                W = model.fit_transform(X, W=W, H=H)
            factors = handed_over(scaled, init, W, model.components_).factors
            n_batches = -(-problem.shape[0] // self.batch_size)
            passes = model.n_steps_ / n_batches
            yield Step(factors, n_steps=int(model.n_iter_), passes=passes)
            return self._stopped(passes)
        one_pass = _one_pass(model, X, W, H)
        while (reason := refusal(W, H, n_steps)) is None:
            one_pass()
            n_steps += 1
            yield handed_over(scaled, init, W, H)
        if n_steps == 0:
            yield handed_over(scaled, init, W, H)
        return reason

    def _model(self, problem: Problem, n_components: int) -> MiniBatchNMF:
        from sklearn.decomposition import MiniBatchNMF

        return MiniBatchNMF(
            n_components,
            init="custom",
            batch_size=self.batch_size,
            beta_loss=problem.objective.exponent,
            tol=self.tol,
            max_no_improvement=self.max_no_improvement,
            max_iter=self.max_iter,
            forget_factor=self.forget_factor,
            **penalties(problem),
        )

    def _stopped(self, passes: float) -> str:
        if passes == self.max_iter:
            why = f"its limit max_iter={self.max_iter} was reached"
        else:
            why = (
                f"H changed by no more than tol={self.tol:g}, or max_no_improvement="
                f"{self.max_no_improvement} batches brought no lower objective"
            )
        return f"scikit-learn stopped after {passes:g} passes: {why}"


def _one_pass(
    model: Any, X: Matrix | csr_array, W: Matrix, H: Matrix
) -> Callable[[], None]:
    """Prepare a model as its ``fit_transform`` does; return what does one pass.

    W and H are changed in place.

    Raises
    ------
    RuntimeError
        If the installed scikit-learn has no such methods.
    """
    import sklearn
    from sklearn.utils import gen_batches

    if not (hasattr(model, "_minibatch_step") and hasattr(model, "_check_params")):
        raise RuntimeError(
            f"scikit-learn {sklearn.__version__} does its mini-batch steps in another"
            " way than 1.3 to 1.9, so that they cannot be taken one pass at a time; use"
            " solver.stepping=native"
        )
    with quiet():
        model._check_params(X)
    model._components_numerator = H.copy()
    model._components_denominator = np.ones_like(H)

    def one_pass() -> None:
        with quiet():
            for batch in gen_batches(X.shape[0], model._batch_size):
                model._minibatch_step(X[batch], W[batch], H, update_H=True)

    return one_pass


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """scikit-learn's mini-batch NMF."""
    yield SolverSpec(
        name="sklearn_minibatch",
        solver=ScikitLearnMiniBatchNMF,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        promises=Promises(unit_free=lambda configured: configured.standard_unit),
        requires=("scikit-learn>=1.3",),
        examples=(
            ScikitLearnMiniBatchNMF(),
            ScikitLearnMiniBatchNMF(standard_unit=True),
            ScikitLearnMiniBatchNMF(standard_unit=True, stepping=Stepping.native),
        ),
    )
