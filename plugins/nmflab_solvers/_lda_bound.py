"""The variational bound of latent Dirichlet allocation, for all documents at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab_solvers._products import product_at, row_blocks, stored_cells

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def variational_bound(
    X: Matrix | csr_array,
    gamma: Matrix,
    lam: Matrix,
    doc_topic_prior: float,
    topic_word_prior: float,
) -> float:
    """Return the evidence lower bound, in nats (Blei, Ng & Jordan 2003, eq. 15).

    ``Σ x_dv log Σ_k exp(E[log theta_dk] + E[log beta_kv])`` (the best phi put in), plus
    what the two Dirichlet posteriors differ from their priors.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    gamma : ndarray of shape (n_samples, n_components)
        Dirichlet parameters of each document's topic proportions.
    lam : ndarray of shape (n_components, n_features)
        Dirichlet parameters of each topic's word probabilities.
    doc_topic_prior, topic_word_prior : float
    """
    theta, beta = _expected_logs(gamma), _expected_logs(lam)
    # The largest logarithm of each topic, then of each document, is taken out before
    # exp: only what is 300 orders of magnitude below it is lost.
    of_topics = beta.max(axis=1)
    of_documents = (theta + of_topics).max(axis=1)
    A = np.exp(theta + of_topics - of_documents[:, None])
    B = np.exp(beta - of_topics[:, None])
    lengths = np.asarray(X.sum(axis=1), dtype=np.float64).ravel()
    words = _sum_of_logs(X, A, B) + float(lengths @ of_documents)
    return (
        words
        + _prior_term(doc_topic_prior, gamma, theta)
        + _prior_term(topic_word_prior, lam, beta)
    )


def _sum_of_logs(X: Matrix | csr_array, A: Matrix, B: Matrix) -> float:
    """Return ``Σ x log(AB)`` over the cells where X is not 0, in float64."""
    tiny = np.finfo(np.float64).tiny
    if not isinstance(X, np.ndarray):
        y = product_at(np.ascontiguousarray(A.T), B, *stored_cells(X))
        return float(X.data.astype(np.float64) @ np.log(np.maximum(y, tiny)))
    total = 0.0
    for rows in row_blocks(*X.shape):
        logs = np.log(np.maximum(A[rows] @ B, tiny))
        total += float(np.vdot(X[rows].astype(np.float64), logs))
    return total


def _expected_logs(parameters: Matrix) -> Matrix:
    """Return ``E[log p]`` of each row's Dirichlet distribution, in float64."""
    from scipy.special import psi

    alpha = parameters.astype(np.float64)
    logs: Matrix = psi(alpha) - psi(alpha.sum(axis=1, keepdims=True))
    return logs


def _prior_term(prior: float, parameters: Matrix, logs: Matrix) -> float:
    """Return ``E[log p(x | prior) − log q(x | parameters)]``, summed over rows."""
    from scipy.special import gammaln

    alpha = parameters.astype(np.float64)
    n_rows, length = alpha.shape
    of_prior = gammaln(prior * length) - length * gammaln(prior)
    of_rows = gammaln(alpha).sum(axis=1) - gammaln(alpha.sum(axis=1))
    return float(np.vdot(prior - alpha, logs) + of_rows.sum() + n_rows * of_prior)
