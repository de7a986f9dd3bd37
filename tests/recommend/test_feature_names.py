"""Features that carry recommendations are called by what their items share."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from nmflab.recommend import feature_words
from nmflab.recommend.model import Model, Penalty
from nmflab.recommend.names import Names


def _model(metadata: list[str] | None) -> Model:
    """Return a model of 2 features and 100 items, the first listing 20 of "x"."""
    V = np.full((2, 100), 1e-3)
    V[0, :20] = np.linspace(2, 1, 20)
    V[1, 3::5] = np.linspace(2, 1, 20)
    known = csr_array(np.ones((30, 100)))
    return Model(
        users=Names("user", 30),
        items=Names("item", 100),
        U=np.ones((30, 2)),
        V=V,
        user_offset=None,
        item_offset=None,
        known=known,
        n_known=np.full(100, 30),
        scale=None,
        observed_only=True,
        weighting="none",
        loss="frobenius",
        penalty=Penalty(),
        item_metadata=metadata,
    )


def test_a_feature_is_called_by_its_label() -> None:
    """The label and its test come before the first items."""
    model = _model(["x" if j < 20 else "y" for j in range(100)])
    said = feature_words(model, 1)
    assert said.startswith("x (20 of 20, odds without bound, q=")
    assert said.endswith(": item 1, item 2, item 3")


def test_a_feature_without_a_label_is_its_items() -> None:
    """So is every feature of data that say nothing of their items."""
    model = _model(["x" if j < 20 else "y" for j in range(100)])
    assert feature_words(_model(None), 1) == "item 1, item 2, item 3"
    assert feature_words(model, 2, n=2) == "item 4, item 9"
