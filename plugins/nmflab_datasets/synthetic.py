"""Data generated from known factors, to see how near a model comes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Factors, Mask, Matrix
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle

NMFLAB_CONTRACT = 1

BLOCK_CELLS = 1_000_000
"""Cells drawn together. Part of the recipe: another number gives other data."""


class Distribution(Enum):
    """How X scatters about ``W H``."""

    gaussian = "gaussian"
    poisson = "poisson"


class Held(Enum):
    """How X is held."""

    dense = "dense"
    csr = "csr"


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """Planted factors with noise: ``X = W H + noise``, never below 0.

    Each entry of W and H is ``|z| · b`` with z standard normal and b 0 with probability
    `sparsity`, else 1. A component left without any entry gets one, at a random place,
    so that there are `n_components` of them. With ``Y = W H``:

    - ``gaussian``: ``X = max(0, Y + s z)``, z standard normal, ``s = noise ·
      sqrt(mean(Y²))``. Cells driven below 0 are set to 0, so where Y is 0 the noise is
      positive on average;
    - ``poisson``: ``X ~ Poisson(c Y)``, ``c = sum(Y) / (noise² · sum(Y²))``. The true
      factors are then ``c W`` and H.

    Either way noise is ``sqrt(E‖X − Y‖² / ‖Y‖²)`` (before clipping, Y in the units of
    X); the signal-to-noise ratio is ``−20 log10(noise)`` decibels: 20 dB at 0.1.

    Parameters
    ----------
    n_samples, n_features : int, default 100 and 50
    n_components : int, default 5
        How many components there are in truth.
    sparsity : float, default 0.5
        Share of zeros in W and in H, at least 0 and below 1.
    noise : float, default 0.1
        Relative size of the noise, dimensionless; at least 1e-6 with ``poisson``,
        whose counts grow with 1 / noise².
    distribution : {gaussian, poisson}, default gaussian
    missing : float, default 0
        Probability with which a cell is unobserved, independently of all else.
    storage : {dense, csr}, default dense
        The same X either way. Unobserved cells are masked in a dense X and not stored
        in a CSR, which stores observed zeros then.
    """

    n_samples: int = 100
    n_features: int = 50
    n_components: int = 5
    sparsity: float = 0.5
    noise: float = 0.1
    distribution: Distribution = Distribution.gaussian
    missing: float = 0.0
    storage: Held = Held.dense

    def __post_init__(self) -> None:
        settle(self, "distribution", Distribution)
        settle(self, "storage", Held)
        for key in ("n_samples", "n_features", "n_components"):
            if not getattr(self, key) >= 1:
                raise ValueError(
                    f"dataset.{key} must be >= 1, got {getattr(self, key)}"
                )
        for key in ("sparsity", "missing"):
            if not 0 <= getattr(self, key) < 1:
                raise ValueError(
                    f"dataset.{key} must be >= 0 and < 1, a share of the entries, got"
                    f" {getattr(self, key)}"
                )
        if not 0 <= self.noise < np.inf:
            raise ValueError(
                f"dataset.noise must be >= 0 and finite, got {self.noise}; 0.1 is 10 %"
                " of the size of W H"
            )
        if self.distribution is Distribution.poisson and self.noise < 1e-6:
            raise ValueError(
                f"dataset.noise must be >= 1e-6 with dataset.distribution=poisson, got"
                f" {self.noise}: a Poisson count always scatters; use 0.1, or gaussian"
            )

    def load(self, rng: np.random.Generator) -> Dataset:
        """Draw the factors, then X, some rows at a time."""
        W = _factor(rng, self.n_samples, self.n_components, self.sparsity)
        H = np.ascontiguousarray(
            _factor(rng, self.n_features, self.n_components, self.sparsity).T
        )
        square = float(np.sum((W.T @ W) * (H @ H.T)))  # ‖WH‖² without forming WH
        if self.distribution is Distribution.poisson:
            W = W * (float(W.sum(axis=0) @ H.sum(axis=1)) / (self.noise**2 * square))
        spread = self.noise * float(
            np.sqrt(square / (self.n_samples * self.n_features))
        )
        blocks = self._blocks(rng, W, H, spread)
        truth = Factors(W, H)
        if self.storage is Held.csr:
            X = _csr(blocks, with_zeros=self.missing > 0)
            return Dataset(
                X=X, missing="unstored" if self.missing else "none", truth=truth
            )
        X, mask = _dense(blocks)
        if not self.missing:
            return Dataset(X=X, truth=truth)
        return Dataset(X=X, missing="mask", mask=mask, truth=truth)

    def _blocks(
        self, rng: np.random.Generator, W: Matrix, H: Matrix, spread: float
    ) -> Iterator[tuple[Matrix, Mask]]:
        """Yield rows of X, 0 where unobserved, and their mask."""
        height = max(1, BLOCK_CELLS // self.n_features)
        for start in range(0, self.n_samples, height):
            Y = W[start : start + height] @ H
            if self.distribution is Distribution.poisson:
                X = rng.poisson(Y).astype(np.float64)
            else:
                X = np.maximum(Y + spread * rng.standard_normal(Y.shape), 0)
            observed = np.ones(X.shape, dtype=bool)
            if self.missing:
                observed = rng.random(X.shape) >= self.missing
            yield np.where(observed, X, 0), observed


def _factor(
    rng: np.random.Generator, length: int, n_components: int, sparsity: float
) -> Matrix:
    """Return a ``(length, n_components)`` factor without empty components."""
    factor: Matrix = np.abs(rng.standard_normal((length, n_components)))
    kept = rng.random(factor.shape) >= sparsity
    spare = rng.integers(length, size=n_components)
    empty = np.flatnonzero(~kept.any(axis=0))
    kept[spare[empty], empty] = True
    return np.where(kept, factor, 0)


def _dense(blocks: Iterator[tuple[Matrix, Mask]]) -> tuple[Matrix, Mask]:
    X, observed = zip(*blocks, strict=True)
    return np.concatenate(X), np.concatenate(observed)


def _csr(blocks: Iterator[tuple[Matrix, Mask]], *, with_zeros: bool) -> Any:
    """Return a CSR of the observed cells, those of 0 included where asked."""
    from scipy.sparse import csr_array, vstack

    parts = []
    for X, observed in blocks:
        stored = observed if with_zeros else X != 0
        rows, columns = np.nonzero(stored)
        indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(X)))))
        parts.append(csr_array((X[stored], columns, indptr), shape=X.shape))
    return vstack(parts, format="csr")


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare synthetic data."""
    yield DatasetSpec(
        name="synthetic",
        dataset=Synthetic,
        examples=(
            Synthetic(n_samples=20, n_features=12, n_components=3),
            Synthetic(n_samples=20, n_features=12, n_components=3, missing=0.2),
            Synthetic(
                n_samples=20,
                n_features=12,
                n_components=3,
                distribution=Distribution.poisson,
                storage=Held.csr,
            ),
        ),
    )
