"""Separable factorization: the components are rows, or columns, of X itself."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.nnls import nnls
from nmflab.numerics.scaled_rows import Indices
from nmflab.numerics.separable import snpa, spa
from nmflab_solvers._choices import check_choice
from nmflab_solvers._products import times_transposed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


class Method(StrEnum):
    """Successive projection onto the span, or onto mixtures, of what is picked."""

    spa = "spa"
    snpa = "snpa"


class Side(StrEnum):
    """What is picked: samples become H, or features become W."""

    rows = "rows"
    columns = "columns"


@dataclass(frozen=True, kw_only=True)
class Separable:
    """Picks rows of X as H, ``H = X[rows]``, and fits ``W >= 0`` by least squares.

    Every component is a real sample (a pixel, a document), which says more than a
    mixture does. One pass: no start is needed and nothing is iterated. On data that
    are separable, ``X = W X[rows]``, the fit is exact.

    Parameters
    ----------
    method : {"spa", "snpa"}, default "spa"
        SPA costs one product of X with a vector a component. SNPA also solves a small
        least-squares problem for every row at each pick, withstands more noise, and
        can pick more rows than the rank of X.
    side : {"rows", "columns"}, default "rows"
        "columns" picks features instead: ``W = X[:, columns]``, and H is fitted.
    sum_to_one : bool, default True
        Compare rows (columns) by their direction: each is divided by its sum while
        picking. False lets bright samples come first, and outliers among them.

    Notes
    -----
    Where fewer rows span all others, the components beyond them stay 0, and the stop
    reason and ``n_active`` say so. ``side=columns`` makes a transposed copy of a sparse
    X.

    References
    ----------
    M. C. U. Araújo et al., "The successive projections algorithm for variable selection
    in spectroscopic multicomponent analysis", Chemometrics and Intelligent Laboratory
    Systems 57(2), 2001.
    N. Gillis, S. A. Vavasis, "Fast and Robust Recursive Algorithms for Separable
    Nonnegative Matrix Factorization", IEEE TPAMI 36(4), 2014.
    N. Gillis, "Successive Nonnegative Projection Algorithm for Robust Nonnegative Blind
    Source Separation", SIAM Journal on Imaging Sciences 7(2), 2014.
    """

    method: Method = Method.spa
    side: Side = Side.rows
    sum_to_one: bool = True

    def __post_init__(self) -> None:
        check_choice("method", self.method, Method)
        check_choice("side", self.side, Side)

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors once; of `init` only the size is read, `rng` not at all."""
        X, size = problem.X, init.n_components
        by_rows = self.side == Side.rows
        if not by_rows:
            X = X.T if isinstance(X, np.ndarray) else X.T.tocsr()
        pick = spa if self.method == Method.spa else snpa
        picked = pick(X, size, sum_to_one=self.sum_to_one)
        taken, fitted = _factors(X, picked, size, problem.dtype)
        factors = Factors(fitted.T, taken) if by_rows else Factors(taken.T, fitted)
        # Each pick multiplies X with a vector; fitting takes one pass more.
        yield Step(factors, passes=2.0)
        return self._sentence(picked, size)

    def _sentence(self, picked: Indices, size: int) -> str:
        listed = ", ".join(map(str, picked[:50])) + (", ..." if size > 50 else "")
        said = f"{self.method} picked {self.side} {listed} (counted from 0) of X"
        if not picked.size:
            return f"{self.method} picked no {self.side} of X, which is 0 everywhere"
        if picked.size < size:
            said += (
                f"; they explain all others, so {size - picked.size} of {size}"
                " components stay 0"
            )
        return said


def _factors(
    X: Matrix | csr_array, picked: Indices, size: int, dtype: np.dtype[Any]
) -> tuple[Matrix, Matrix]:
    """Return the picked rows and every row's weights on them, both component-major."""
    rows = X[picked]
    taken = np.zeros((size, X.shape[1]), dtype=dtype)
    fitted = np.zeros((size, X.shape[0]), dtype=dtype)
    taken[: picked.size] = rows if isinstance(rows, np.ndarray) else rows.toarray()
    if picked.size:
        largest = np.abs(taken).max()  # squares of X might leave the range of float32
        S = taken[: picked.size] / largest
        wide = S.astype(np.float64)
        weights = nnls(wide @ wide.T, times_transposed(S, X))
        fitted[: picked.size] = weights / float(largest)
    return taken, fitted


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Separable factorization."""
    yield SolverSpec(
        name="separable",
        solver=Separable,
        takes=Takes(losses=frozenset({"frobenius"})),
        promises=Promises(monotone=True, init="own"),
        examples=(
            Separable(),
            Separable(method=Method.snpa),
            Separable(side=Side.columns),
            Separable(sum_to_one=False),
        ),
    )
