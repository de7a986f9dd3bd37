"""Consensus over seeds as pictures."""

from typing import Any

import numpy as np

from nmflab.contracts import Dataset
from nmflab.report.content import Cards
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.stability.consensus import (
    LEAST_SEEDS,
    MOST_SAMPLES,
    consensus_blocks,
)

BLOCKS = np.kron(np.eye(2), np.ones((4, 3)))


def cards_of(
    study: Any, sizes: tuple[int, ...], n_seeds: int, X: np.ndarray = BLOCKS
) -> Cards | None:
    """Return the pictures of a study of one solver."""
    fingerprint = study.dataset("blocks", Dataset(X=X))
    for k in sizes:
        for seed in range(n_seeds):
            where = {"fingerprint": fingerprint, "dataset": "blocks"}
            study.fitted(X, k=k, seed=seed, steps=100, **where)
    with study.read() as store:
        material = gather(store)
        found = consensus_blocks(material, group_runs(material))
    assert len(found) <= 1
    return found[0] if found else None


def test_seeds_that_agree_are_blocks_of_cophenetic_correlation_1(study: Any) -> None:
    """Two blocks of samples, two components: every seed finds the same clusters."""
    cards = cards_of(study, (2,), LEAST_SEEDS)
    assert cards is not None
    (card,) = cards.cards
    assert "cophenetic correlation 1, dispersion 1; 3 seeds" in card.detail


def test_two_seeds_are_too_few(study: Any) -> None:
    """A pair of samples would be together in none, half, or all."""
    assert cards_of(study, (2,), LEAST_SEEDS - 1) is None


def test_each_size_has_a_picture_in_order_of_size(study: Any) -> None:
    """One component clusters nothing and has none."""
    cards = cards_of(study, (3, 1, 2), LEAST_SEEDS)
    assert cards is not None
    titles = [card.title for card in cards.cards]
    assert [title.rpartition(" ")[2] for title in titles] == ["2", "3"]


def test_of_many_samples_some_are_drawn_and_it_is_said(study: Any) -> None:
    """The picture stays small."""
    X = np.kron(np.eye(2), np.ones((150, 3)))
    cards = cards_of(study, (2,), LEAST_SEEDS, X)
    assert cards is not None
    assert f"Drawn: {MOST_SAMPLES} samples" in cards.note
    assert len(cards.cards[0].pictures[0].svg) < 20_000
