"""The metric ranking: candidates, relevance, gains, who is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics import _candidates
from nmflab_metrics._candidates import Candidates, Gain, Relevance
from nmflab_metrics.ranking import FactorScores, Ranking
from scipy.sparse import csr_array

from nmflab.contracts import Cells, Factors, NotApplicable

# Modelled values of row 0 fall from column to column, those of row 1 rise.
SCORES = np.array([[6.0, 5, 4, 3, 2, 1], [1.0, 2, 3, 4, 5, 6]])
VALUES = np.array([[5.0, 5, 2, 4, 0, 0], [1.0, 0, 0, 0, 0, 5]])
KNOWN = np.zeros(VALUES.shape, dtype=bool)
KNOWN[[0, 1], [0, 5]] = True
TEST = np.zeros(VALUES.shape, dtype=bool)
TEST[[0, 0, 0, 1], [1, 2, 3, 0]] = True


@pytest.fixture
def run(make_run):
    """Return a run that knows one cell of each row and tests 3 and 1 others."""
    return make_run(VALUES, SCORES, np.eye(6), observed=KNOWN, test=TEST)


def numbers(metric, run):
    """Return the values that are numbers."""
    found = metric.compute(run)
    return {name: value for name, value in found.items() if not isinstance(value, str)}


def test_known_items_are_no_candidates(run):
    """Row 0 lists items 1 and 2, both relevant; row 1 lists 4 and 3, neither is."""
    assert numbers(Ranking(k=2), run) == pytest.approx(
        {
            "precision_at_2": 1 / 2,
            "recall_at_2": (2 / 3 + 0) / 2,
            "map_at_2": 1 / 2,
            "ndcg_at_2": 1 / 2,
            "hit_rate_at_2": 1 / 2,
        }
    )


def test_validation_cells_are_no_candidates(run):
    """With items 2, 3 and 4 of row 1 kept for validation, item 0 comes second."""
    kept = Cells(np.array([1, 1, 1]), np.array([2, 3, 4]), np.zeros(3))
    found = numbers(Ranking(k=2), replace(run, validation=kept))
    assert found["hit_rate_at_2"] == 1
    assert found["map_at_2"] == pytest.approx((1 + 1 / 2) / 2)


def test_a_threshold_makes_items_irrelevant_and_keeps_them_listed(run):
    """From 4 up, item 2 of row 0 takes a place without being relevant."""
    found = numbers(Ranking(k=2, relevant=4), run)
    assert found["precision_at_2"] == pytest.approx(1 / 2)
    assert found["recall_at_2"] == pytest.approx(1 / 2)


def test_rows_without_relevant_items_are_left_out_and_counted(run):
    """Row 1 has a test cell of 1 only."""
    setting = Ranking(k=2, relevant=4).compute(run)["setting"]
    assert setting == (
        "1 rows ranked, 1 without a relevant test cell left out; relevant: test cells"
        " >= 4; gain binary"
    )


def test_exponential_gains_weigh_by_value(run):
    """Row 0 lists gains 31, 3, 15 where 31, 15, 3 is best; row 1 has its item last."""
    found = Ranking(k=3, gain=Gain.exponential).compute(run)
    discount = 1 / np.log2([2, 3, 4])
    best = np.array([31, 15, 3]) @ discount
    expected = (np.array([31, 3, 15]) @ discount / best + 0) / 2
    assert found["ndcg_at_3"] == pytest.approx(expected, rel=1e-12)
    assert str(found["setting"]).endswith("gain exponential")


def test_offsets_count(run):
    """Adding 10 to column 0 puts row 1's relevant item first."""
    column_offset = np.array([10.0, 0, 0, 0, 0, 0])
    factors = replace(run.factors, column_offset=column_offset)
    found = numbers(Ranking(k=1), replace(run, factors=factors))
    assert found["precision_at_1"] == 1


def test_scores_are_the_modelled_values():
    """Row by row, as `Factors.reconstruct` has them."""
    rng = np.random.default_rng(0)
    factors = Factors(
        rng.random((5, 2)), rng.random((2, 4)), rng.random(5), rng.random(4)
    )
    rows = np.array([3, 0])
    found = FactorScores(factors).scores(rows)
    np.testing.assert_allclose(found, factors.reconstruct()[rows], rtol=1e-14)


def test_a_zero_filled_run_ranks_the_same_candidates(run, make_run):
    """Masked or filled with zeros, what a row knows is left out."""
    filled = make_run(np.where(KNOWN, VALUES, 0), SCORES, np.eye(6))
    filled = replace(filled, test=run.test)
    assert Ranking(k=2).compute(filled) == Ranking(k=2).compute(run)


@pytest.mark.parametrize("masked", [True, False])
def test_storage_changes_nothing(run, masked):
    """A CSR of the known cells gives the values of the dense one."""
    stored = csr_array(run.problem.X)
    pattern = csr_array((stored.data > 0, stored.indices, stored.indptr), stored.shape)
    observed = pattern if masked else None
    problem = replace(run.problem, X=stored, observed=observed)
    sparse = replace(run, problem=problem)
    assert Ranking(k=2).compute(sparse) == Ranking(k=2).compute(run)


def test_all_scores_are_never_held_at_once(monkeypatch):
    """Rows are scored in blocks, each once and in order; the means are the same."""
    rng = np.random.default_rng(1)
    n_rows, n_items = 25, 8
    test = csr_array((rng.random((n_rows, n_items)) < 0.4).astype(float))
    rows = np.unique(test.nonzero()[0])
    known = csr_array((n_rows, n_items))
    candidates = Candidates(rows=rows, n_left_out=0, known=known, test=test)
    table = rng.random((n_rows, n_items))
    asked = []

    class Recorder:
        def scores(self, rows):
            asked.append(rows)
            return table[rows]

    whole = candidates.measure(Recorder(), 3)
    asked.clear()
    monkeypatch.setattr(_candidates, "BLOCK_SCORES", 4 * n_items)
    blocked = candidates.measure(Recorder(), 3)
    assert max(part.size for part in asked) == 4
    np.testing.assert_array_equal(np.concatenate(asked), rows)
    assert blocked == pytest.approx(whole, rel=1e-12)


def test_without_a_relevant_cell_nothing_applies(run):
    """The message names the threshold and its key."""
    with pytest.raises(NotApplicable, match=r">= 9 \(metric.ranking.relevant\)"):
        Ranking(relevant=9).compute(run)


def test_whole_blocks_cannot_be_ranked(run):
    """What their rows know is not among the training cells."""
    with pytest.raises(NotApplicable, match="holds out whole blocks"):
        Ranking().compute(replace(run, test_factors=run.factors))


def test_gains_beyond_floats_are_refused(run):
    """Counts of 1000 want binary gains."""
    cells = replace(run.test, values=np.full(4, 1000.0))
    with pytest.raises(ValueError, match=r"use metric\.ranking\.gain=binary"):
        Ranking(gain=Gain.exponential).compute(replace(run, test=cells))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"k": 0}, "metric.ranking.k must be at least 1, got 0"),
        ({"gain": "squared"}, "must be one of binary, exponential, got 'squared'"),
        ({"relevant": float("nan")}, "must be a finite number or null, got nan"),
        ({"relevant": -1, "gain": "exponential"}, "2\\^x − 1, is not either"),
        ({"relevant": 0, "gain": "exponential"}, "metric.ranking.relevant=0 is not"),
    ],
)
def test_parameters_without_meaning_are_refused(wrong, message):
    """At construction, naming key and value."""
    with pytest.raises(ValueError, match=message):
        Ranking(**wrong)


def test_a_word_for_the_gain_is_taken():
    """As a Python caller may write it."""
    assert Ranking(gain="exponential").gain is Gain.exponential


def test_a_relevance_says_itself():
    """For the record of the run."""
    relevance = Relevance(relevant=None, gain=Gain.binary, metric="ranking")
    assert str(relevance) == "relevant: test cells > 0; gain binary"
