"""The compiled products against NumPy's, on both sides of what they are used for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nmflab.kernels.compiled import products as compiled
from nmflab.kernels.plain import products as plain

DTYPES = [np.float64, np.float32]
# Rows of F: every size of tile, every width of table row, and too few or too many.
ROWS = [1, 4, 5, 6, 7, 8, 9, 13, 16, 17, 20, 25, 33, 40, 49, 64, 65]
# Shapes of X: long, wide and thin, whole and broken panels, longer than one range.
SHAPES = [(1, 3), (7, 1), (6, 64), (37, 200), (1100, 45), (45, 1100)]


@pytest.fixture
def tiled(monkeypatch):
    """Have tiles used for every size they can do, where the processor has registers."""
    if not compiled._has_wide_registers():
        pytest.skip("tiles are for processors with AVX-512")
    monkeypatch.setattr(compiled, "_LEAST_WORK", 0)
    for limit in ("_FEWEST_ROWS", "_FEWEST_TABLE_ROWS"):
        monkeypatch.setattr(compiled, limit, {4: 4, 8: 4})
    monkeypatch.setattr(compiled, "_MOST_ROWS", {4: 100, 8: 100})


def given(k: int, shape: tuple[int, int], dtype: Any) -> tuple[Any, Any, Any]:
    """Return rows for either product, and a read-only matrix."""
    rng = np.random.default_rng(k)
    n, m = shape
    X = rng.random(shape).astype(dtype)
    X.flags.writeable = False
    return rng.random((k, n)).astype(dtype), rng.random((k, m)).astype(dtype), X


def both(module: Any, F: Any, G: Any, X: Any, n_threads: int = 1) -> tuple[Any, Any]:
    """Return ``F X`` and ``G X'``, written over what is no number."""
    left = np.full((F.shape[0], X.shape[1]), np.nan, X.dtype)
    right = np.full((G.shape[0], X.shape[0]), np.nan, X.dtype)
    module.times(F, X, left, n_threads=n_threads)
    module.times_transposed(G, X, right, n_threads=n_threads)
    return left, right


@pytest.mark.usefixtures("tiled")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", ROWS)
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_give_the_products(dtype: Any, k: int, shape: tuple[int, int]) -> None:
    """Against float64: a sum of n positive terms rounds by less than n units."""
    F, G, X = given(k, shape, dtype)
    left, right = both(compiled, F, G, X)
    exact = F.astype(float) @ X.astype(float), G.astype(float) @ X.T.astype(float)
    bound = max(shape) * np.finfo(dtype).eps
    np.testing.assert_allclose(left, exact[0], rtol=bound)
    np.testing.assert_allclose(right, exact[1], rtol=bound)


@pytest.mark.usefixtures("tiled")
@pytest.mark.parametrize("shape", SHAPES)
def test_threads_change_no_digit(shape: tuple[int, int]) -> None:
    """Each sum is taken by one thread, in one order."""
    F, G, X = given(13, shape, np.float64)
    one, three = both(compiled, F, G, X), both(compiled, F, G, X, n_threads=3)
    np.testing.assert_array_equal(one[0], three[0])
    np.testing.assert_array_equal(one[1], three[1])


@pytest.mark.usefixtures("tiled")
def test_sums_of_many_terms_are_as_exact_as_in_parts() -> None:
    """200,000 terms of 0.1 in float32: one running sum would be off by 0.1 per cent."""
    X = np.full((200_000, 3), 0.1, np.float32)
    F, G = np.ones((4, 200_000), np.float32), np.ones((4, 3), np.float32)
    left, _ = both(compiled, F, G, X)
    np.testing.assert_allclose(left, 20_000, rtol=1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("k", "shape"), [(3, (40, 30)), (7, (600, 700))])
def test_what_tiles_do_not_suit_is_left_to_blas(
    dtype: Any, k: int, shape: tuple[int, int]
) -> None:
    """Small products, and rows that are no sum of tiles, have BLAS's every digit."""
    F, G, X = given(k, shape, dtype)
    for one, other in zip(both(compiled, F, G, X), both(plain, F, G, X), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_large_product_of_few_rows_is_tiled(dtype: Any) -> None:
    """25 rows with 300 x 300 cells, in whichever way the processor suits."""
    F, G, X = given(25, (300, 300), dtype)
    bound = 300 * np.finfo(dtype).eps
    for one, other in zip(both(compiled, F, G, X), both(plain, F, G, X), strict=True):
        np.testing.assert_allclose(one, other, rtol=bound)
