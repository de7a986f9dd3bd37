"""What a latent feature is called: by the labels its top items share, else by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.enrichment import Enrichment, enrichment
from nmflab.numerics.label_test import LabelTest
from nmflab.numerics.top_features import (
    Features,
    as_distributions,
    own_frex,
    representative_scores,
    top_lists,
)

N_NAMED = 3
"""Top items that stand for a component without a label."""


@dataclass(frozen=True)
class ComponentName:
    """What is known of one component by name.

    Parameters
    ----------
    label : LabelTest, optional
        The label of lowest q at equal popularity among the items of most weight;
        whether it is one to call the component by says `LabelTest.is_enriched`.
    frex_label : LabelTest, optional
        The same among the items of highest FREX.
    top, own : ndarray of int
        Items of most weight and of highest FREX, by index; empty where all are 0.
    """

    label: LabelTest | None
    frex_label: LabelTest | None
    top: Features
    own: Features

    @property
    def enriched(self) -> LabelTest | None:
        """The label to call the component by: of its weights, else of its FREX."""
        for one in (self.label, self.frex_label):
            if one is not None and one.is_enriched:
                return one
        return None

    def text(self, names: Sequence[str]) -> str:
        """Return ``Children's (9 of 30, odds 14, q=2e-9)``, else the first items."""
        if self.enriched is not None:
            return self.enriched.short_text
        return ", ".join(names[j] for j in self.top[:N_NAMED])


def component_names(
    H: Matrix,
    metadata: Sequence[str] | None = None,
    popularity: npt.ArrayLike | None = None,
    *,
    n_top: int = 10,
) -> list[ComponentName]:
    """Return what each component is called, by its row of H.

    Parameters
    ----------
    H : ndarray of shape (n_components, n_features)
        On any scale: a row's scale changes nothing. Negative entries are in no list.
    metadata : sequence of str, optional
        Of each feature its labels, separated by '|'.
    popularity : array of shape (n_features,), optional
        In how many cells each was observed. Without it no label is tested: the most
        popular items would be enriched by themselves. With both, features observed in
        fewer than `MIN_OBSERVED` cells are in no list.
    n_top : int, default 10
        Items told of each component; labels are tested in longer lists (`enrichment`).
    """
    shares = as_distributions(np.maximum(H, 0.0))
    own = own_frex(shares)
    by_weight, by_frex = (_tested(one, metadata, popularity) for one in (shares, own))
    if by_weight is not None:
        # What is shown is taken from the items that the name was tested on.
        seen = np.zeros(shares.shape[1], dtype=bool)
        seen[by_weight.universe] = True
        shares, own = np.where(seen, shares, 0.0), np.where(seen, own, 0.0)
    return [
        ComponentName(_best(by_weight, k), _best(by_frex, k), top, its_own)
        for k, (top, its_own) in enumerate(
            zip(top_lists(shares, n_top), top_lists(own, n_top), strict=True)
        )
    ]


@dataclass(frozen=True)
class Representatives:
    """The samples that stand for one component, and what they share.

    Parameters
    ----------
    samples : ndarray of int
        Strongest and purest first; see `representative_scores`.
    label : LabelTest, optional
        The label of lowest q among them.
    """

    samples: Features
    label: LabelTest | None


def representatives(
    W: Matrix,
    metadata: Sequence[str] | None = None,
    popularity: npt.ArrayLike | None = None,
    *,
    n_top: int = 3,
) -> list[Representatives]:
    """Return the samples that stand for each component; as `component_names`, of W."""
    scores = representative_scores(W)
    tested = _tested(scores, metadata, popularity)
    return [
        Representatives(samples, _best(tested, k))
        for k, samples in enumerate(top_lists(scores, n_top))
    ]


def _tested(
    scores: Matrix, metadata: Sequence[str] | None, popularity: npt.ArrayLike | None
) -> Enrichment | None:
    if metadata is None or popularity is None:
        return None
    return enrichment(scores, metadata, np.asarray(popularity))


def _best(tested: Enrichment | None, component: int) -> LabelTest | None:
    return None if tested is None else tested.best(component)
