"""Latent Dirichlet allocation read as a non-negative factorization of counts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
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
from nmflab_solvers._choices import check_choice
from nmflab_solvers._lda_bound import variational_bound
from nmflab_solvers._sklearn_call import quiet, without_zeros

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


class Learning(StrEnum):
    """Whether topics are updated once for all documents, or batch by batch."""

    batch = "batch"
    online = "online"


@dataclass(frozen=True, kw_only=True)
class LatentDirichletAllocation:
    """Variational Bayes for LDA, with ``W = length ∘ E[theta]`` and ``H = E[beta]``.

    scikit-learn's ``LatentDirichletAllocation``. Each row of X holds the word counts of
    a document; theta, its topic proportions, and beta, the word probabilities of each
    topic, have Dirichlet priors. ``(WH)_dv`` is the count of word v that is expected in
    document d: rows of H sum to 1, rows of W to the length of the document.

    Parameters
    ----------
    learning : {"batch", "online"}, default "batch"
        "batch": an E-step over all documents, then one update of the topics. "online":
        the topics are updated after each batch, by stochastic variational inference.
    doc_topic_prior, topic_word_prior : float, optional
        Concentrations of the two Dirichlet priors; None is ``1 / n_components``.
    batch_size : int, default 128
        Documents of a batch; read with ``learning=online``.
    learning_decay : float, default 0.7
    learning_offset : float, default 10
        An online update has the weight ``(offset + updates so far)^(−decay)``.
    max_doc_update_iter : int, default 100
    mean_change_tol : float, default 1e-3
        Iterations of the E-step on one document: at most so many, until its topic
        weights change by less on average.

    Notes
    -----
    It minimises an objective of its own: the negative variational bound on the log
    likelihood, in nats, yielded with each step (``learning=online`` updates the topics
    by part of the bound at a time). It starts from random topics of its own. A step is
    one pass over the documents and takes up to ``max_doc_update_iter`` products over
    the stored entries.

    W is what the E-steps of the pass found, on the way to the H that is yielded with
    it: nothing is computed off the clock. The library's ``transform`` would do one more
    E-step; it has no public way to continue a fit, so a step drives the same private
    methods that ``fit`` does: after n steps H is that of a fit with ``max_iter=n``, to
    the last bit. The bound is evaluated on the clock, as the library does where it is
    to judge convergence; it costs about one of the E-step's iterations.

    Counts are in absolute units: half of them say less against the priors.

    References
    ----------
    D. M. Blei, A. Y. Ng, M. I. Jordan, "Latent Dirichlet Allocation", JMLR 3, 2003.
    M. D. Hoffman, D. M. Blei, F. Bach, "Online Learning for Latent Dirichlet
    Allocation", NeurIPS 23, 2010.
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
    """

    learning: Learning = Learning.batch
    doc_topic_prior: float | None = None
    topic_word_prior: float | None = None
    batch_size: int = 128
    learning_decay: float = 0.7
    learning_offset: float = 10.0
    max_doc_update_iter: int = 100
    mean_change_tol: float = 1e-3

    def __post_init__(self) -> None:
        check_choice("learning", self.learning, Learning)
        for key in ("doc_topic_prior", "topic_word_prior"):
            value = getattr(self, key)
            if value is not None and not 0 < value < np.inf:
                raise ValueError(
                    f"solver.{key} must be > 0 and finite, or null for 1/n_components,"
                    f" got {value}"
                )
        for key in ("batch_size", "max_doc_update_iter", "learning_offset"):
            if not 1 <= getattr(self, key) < np.inf:
                raise ValueError(
                    f"solver.{key} must be >= 1 and finite, got {getattr(self, key)}"
                )
        if not 0.5 <= self.learning_decay <= 1:
            raise ValueError(
                "solver.learning_decay must be >= 0.5 and <= 1, got"
                f" {self.learning_decay}: otherwise online updates need not converge"
            )
        if not 0 <= self.mean_change_tol < np.inf:
            raise ValueError(
                "solver.mean_change_tol must be >= 0 and finite, got"
                f" {self.mean_change_tol}"
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each pass; `init` gives the number of topics only."""
        X = without_zeros(problem.X)
        seed = int(rng.integers(2**32))
        model, one_pass = self._start(X, init.n_components, seed)
        lengths = np.asarray(X.sum(axis=1), dtype=np.float64).reshape(-1, 1)
        while True:
            weights = one_pass()
            bound = variational_bound(
                X,
                weights,
                model.components_,
                model.doc_topic_prior_,
                model.topic_word_prior_,
            )
            W = lengths * _rows_to_one(weights)
            factors = Factors(
                W.astype(problem.dtype),
                _rows_to_one(model.components_).astype(problem.dtype),
            )
            yield Step(factors, objective=-bound)

    def _start(
        self, X: Matrix | csr_array, n_components: int, seed: int
    ) -> tuple[Any, Callable[[], Matrix]]:
        """Return a model with random topics, and what does one pass over X."""
        from sklearn.decomposition import LatentDirichletAllocation as Library
        from sklearn.utils import gen_batches

        model = Library(
            n_components,
            doc_topic_prior=self.doc_topic_prior,
            topic_word_prior=self.topic_word_prior,
            learning_method=str(self.learning),
            learning_decay=self.learning_decay,
            learning_offset=self.learning_offset,
            batch_size=self.batch_size,
            max_doc_update_iter=self.max_doc_update_iter,
            mean_change_tol=self.mean_change_tol,
            random_state=np.random.RandomState(seed),
        )
        n_samples, n_features = X.shape
        found = _remember_topics(model)
        model._init_latent_vars(n_features, dtype=X.dtype)
        online = self.learning == Learning.online
        size = self.batch_size if online else n_samples

        def one_pass() -> Matrix:
            found.clear()
            with quiet():
                for batch in gen_batches(n_samples, size):
                    model._em_step(X[batch], n_samples, batch_update=not online)
            return np.concatenate(found)

        return model, one_pass


def _remember_topics(model: Any) -> list[Matrix]:
    """Have a model note the topic weights that its E-steps find; return where.

    Raises
    ------
    RuntimeError
        If the installed scikit-learn has no such steps.
    """
    import sklearn

    if not (hasattr(model, "_e_step") and hasattr(model, "_em_step")):
        raise RuntimeError(
            f"scikit-learn {sklearn.__version__} fits LDA in another way than 1.3 to"
            " 1.9, so that solver=lda cannot take single steps; install one of those"
        )
    found: list[Matrix] = []
    e_step = model._e_step

    def noted(*arguments: Any, **named: Any) -> Any:
        result = e_step(*arguments, **named)
        found.append(result[0])
        return result

    model._e_step = noted
    return found


def _rows_to_one(parameters: Matrix) -> Matrix:
    means = parameters.astype(np.float64)
    means /= means.sum(axis=1, keepdims=True)
    return means


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Latent Dirichlet allocation."""
    yield SolverSpec(
        name="lda",
        solver=LatentDirichletAllocation,
        takes=Takes(losses=LOSSES),
        promises=Promises(
            random=True,
            unit_free=False,  # priors are numbers of words
            init="own",
            minimises="own",
        ),
        requires=("scikit-learn>=1.3",),
        examples=(
            LatentDirichletAllocation(),
            LatentDirichletAllocation(learning=Learning.online, batch_size=2),
        ),
    )
