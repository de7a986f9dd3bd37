"""The compiled sweeps against their NumPy twins, and both against plain formulas."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from nmflab_solvers._hals_csr import from_blocks, to_blocks
from scipy.sparse import csr_array

from nmflab.kernels.compiled import hals as compiled
from nmflab.kernels.compiled import hals_csr as compiled_csr
from nmflab.kernels.plain import hals as plain
from nmflab.kernels.plain import hals_csr as plain_csr

DTYPES = [np.float64, np.float32]
# Sums of some hundred terms near 1, in another order.
CLOSE: dict[Any, float] = {np.float64: 1e-12, np.float32: 2e-4}

Case = dict[str, Any]


def case(dtype: Any, k: int, m: int, seed: int = 0) -> Case:
    """Return what `sweep` is given, with a component that has no curvature."""
    rng = np.random.default_rng(seed)
    other = rng.random((k, 40))
    other[k // 2] = 0
    F = rng.random((k, m))
    return {
        "start": F.astype(dtype),
        "C": (other @ other.T @ rng.random((k, m))).astype(dtype),
        "G": (other @ other.T).astype(dtype),
        "last": rng.random((k, m)).astype(dtype),
    }


def swept(module: ModuleType, given: Case, **options: Any) -> tuple[Any, ...]:
    """Return dot, change, the swept factor and its extrapolation."""
    arrays = {name: array.copy() for name, array in given.items()}
    new, ahead = np.empty_like(given["start"]), np.empty_like(given["start"])
    defaults = {"l1": 0.0, "most": 1, "delta": 0.0, "beta": 0.0, "project": False}
    settings = {**defaults, "n_threads": 1, **options}
    dot, change = module.sweep(**arrays, new=new, ahead=ahead, **settings)
    return dot, change, new, ahead


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("k", "m"), [(1, 1), (2, 31), (5, 64), (8, 33), (13, 200)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"most": 4, "delta": 0.1},
        {"most": 3, "l1": 0.5, "beta": 0.7, "project": True},
        {"most": 2, "beta": 0.9},
    ],
)
def test_compiled_and_plain_sweeps_agree(
    dtype: Any, k: int, m: int, options: Case
) -> None:
    """Odd and even numbers of components, whole and broken blocks, every option."""
    given = case(dtype, k, m)
    for one, other in zip(
        swept(compiled, given, **options), swept(plain, given, **options), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=CLOSE[dtype], atol=CLOSE[dtype])


def test_a_sweep_is_exact_coordinate_descent() -> None:
    """Each entry in turn minimizes the quadratic; done here one by one."""
    given = case(np.float64, 6, 45)
    F, C, G = given["start"].copy(), given["C"], given["G"]
    for q in range(6):
        for j in range(45):
            if G[q, q] > 0:
                slope = G[q] @ F[:, j] - C[q, j]
                F[q, j] = max(0.0, F[q, j] - slope / G[q, q])
    _, change, new, _ = swept(compiled, given)
    np.testing.assert_allclose(new, F, rtol=1e-12, atol=1e-12)
    assert change == pytest.approx(((F - given["start"]) ** 2).sum(), rel=1e-12)


def test_a_component_without_curvature_is_brought_back_to_zero() -> None:
    """Extrapolation may have led below 0, and no step of descent leads back."""
    given = case(np.float64, 4, 40)
    given["start"][2] = -1.0
    for module in (compiled, plain):
        new = swept(module, given)[2]
        assert (new[2] == 0).all()


def test_threads_change_no_digit() -> None:
    """Blocks are independent of each other, so sharing them out changes nothing."""
    given = case(np.float64, 7, 500)
    options = {"most": 3, "delta": 0.1, "beta": 0.5}
    one = swept(compiled, given, **options)
    two = swept(compiled, given, **options, n_threads=2)
    np.testing.assert_array_equal(one[2], two[2])
    np.testing.assert_array_equal(one[3], two[3])


@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_and_back(dtype: Any) -> None:
    """A factor comes back from its blocks, whatever its width."""
    rng = np.random.default_rng(0)
    for m in (1, 32, 33, 200):
        F = rng.random((5, m)).astype(dtype)
        np.testing.assert_array_equal(from_blocks(to_blocks(F), 5, m), F)


def passed(module: ModuleType, dtype: Any, k: int, **options: Any) -> dict[str, Any]:
    """Return what a pass over a small CSR leaves behind, over both factors in turn."""
    rng = np.random.default_rng(1)
    n_samples, n_features = 70, 41
    X = rng.random((n_samples, n_features)) * (rng.random((70, 41)) < 0.2)
    X[3] = 0
    csr = csr_array(X.astype(dtype))
    padded = plain_csr.padded_size(k, dtype)
    Wt, H = rng.random((k, n_samples)), rng.random((k, n_features))
    table = np.zeros((n_features, padded), dtype)
    table[:, :k] = H.T
    state = {"table": table.ravel(), "sums": np.ones((1, table.size), dtype)}
    left: dict[str, Any] = {}
    for name, F, other in (("W", Wt, H), ("H", H, Wt)):
        blocks = to_blocks(F.astype(dtype))
        new, ahead, grams = blocks.copy(), blocks.copy(), np.ones((1, 2, k, k))
        settings = {"l1": 0.0, "most": 2, "delta": 0.0, "beta": 0.5, **options}
        left[f"dot {name}"] = module.solve(
            csr.indptr,
            csr.indices,
            csr.data,
            **state,
            over_samples=name == "W",
            n_rows=F.shape[1],
            start=blocks,
            G=(other @ other.T).astype(dtype),
            last=to_blocks((F * 0.9).astype(dtype)),
            new=new,
            ahead=ahead,
            grams=grams,
            **settings,
        )
        left |= {f"new {name}": new, f"ahead {name}": ahead}
        left |= {f"grams {name}": grams, f"sums {name}": state["sums"].copy()}
    return {**left, **state}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [1, 3, 8, 17, 25, 56, 65])
@pytest.mark.parametrize(
    "options", [{}, {"most": 0}, {"beta": 0.0, "l1": 0.1, "delta": 0.1}]
)
def test_compiled_and_plain_passes_agree(dtype: Any, k: int, options: Case) -> None:
    """Tables of every width of register, rows without entries, no sweep at all."""
    one = passed(compiled_csr, dtype, k, **options)
    other = passed(plain_csr, dtype, k, **options)
    for name in one:
        np.testing.assert_allclose(
            one[name], other[name], rtol=CLOSE[dtype], atol=20 * CLOSE[dtype]
        )


def test_a_pass_sums_what_the_other_factor_needs() -> None:
    """Sums are ``X'`` times the extrapolated W; the Gram matrices are those of W."""
    left = passed(compiled_csr, np.float64, 5)
    rng = np.random.default_rng(1)
    X = rng.random((70, 41)) * (rng.random((70, 41)) < 0.2)
    X[3] = 0
    ahead, new = (from_blocks(left[f"{name} W"], 5, 70) for name in ("ahead", "new"))
    sums = left["sums W"].reshape(41, -1)[:, :5]
    np.testing.assert_allclose(sums, X.T @ ahead.T, rtol=1e-12, atol=1e-12)
    for gram, F in zip(left["grams W"][0], (new, ahead), strict=True):
        np.testing.assert_allclose(np.triu(gram), np.triu(F @ F.T), rtol=1e-12)
