"""What a low rank leaves over."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.numerics import noise
from nmflab.numerics.noise import noise_variance


@pytest.mark.parametrize("storage", [np.asarray, csr_array])
@pytest.mark.parametrize("dense_up_to", [400, 0])
def test_the_variance_of_noise_is_found_beside_a_low_rank(
    storage: type, dense_up_to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rank 3 and noise of variance 0.04, a rank of 5 taken away: to a twentieth."""
    monkeypatch.setattr(noise, "_DENSE_UP_TO", dense_up_to)
    rng = np.random.default_rng(0)
    low = rng.random((200, 3)) @ rng.random((3, 100)) * 10
    X = low + 0.2 * rng.standard_normal(low.shape)
    # The two spare ranks take the largest of the noise: a little less is left.
    assert noise_variance(storage(X), 5) == pytest.approx(0.04, rel=0.05)


def test_nothing_is_left_of_an_exact_low_rank() -> None:
    """Rounding is not noise."""
    rng = np.random.default_rng(1)
    X = rng.random((30, 2)) @ rng.random((2, 20))
    assert noise_variance(X, 4) == 0.0
    assert noise_variance(X, 20) == 0.0
