"""Tests of `nmflab.splits.problem`: what is held out, and what a solver is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Objective
from nmflab.materialise import materialise, open_dataset
from nmflab.splits import (
    KFolds,
    LeaveN,
    NoSplit,
    Predefined,
    Speckled,
    Temporal,
    partition,
    pose,
)
from nmflab.weighting import Log1p, NoWeighting, Tfidf

KINDS = ["dense", "masked", "csr", "unstored"]
SHAPE = (40, 30)


def matrix() -> np.ndarray:
    """Return values of at least 1, a third of them 0."""
    rng = np.random.default_rng(1)
    return np.where(rng.random(SHAPE) < 1 / 3, 0, 1 + rng.random(SHAPE))


def dataset(kind: str) -> Dataset:
    """Return the same values, dense or sparse, complete or with zeros unknown."""
    X = matrix()
    if kind == "masked":
        return Dataset(X=X, missing="mask", mask=X > 0)
    if kind == "dense":
        return Dataset(X=X)
    return Dataset(X=csr_array(X), missing="none" if kind == "csr" else "unstored")


def observed_cells(data: Dataset) -> np.ndarray:
    """Return which cells of a dataset are known."""
    known = data.missing == "none"
    return np.ones(SHAPE, dtype=bool) if known else matrix() > 0


def made(data, split_config=None, weighting=None, *, seed=0, dtype="float64", **more):
    """Pose a problem with defaults: it, validation cells, test cells, notes."""
    posed = pose(
        data,
        weighting or NoWeighting(),
        split_config or NoSplit(),
        Objective(),
        dtype,
        rng=np.random.default_rng(seed),
        **more,
    )
    return posed.problem, posed.validation, posed.test, list(posed.notes)


def full(X) -> np.ndarray:
    """Return a full array."""
    return X if isinstance(X, np.ndarray) else X.toarray()


def fitted(found) -> np.ndarray:
    """Return which cells a problem asks to fit."""
    if found.observed is None:
        return np.ones(found.shape, dtype=bool)
    return full(found.observed)


def grid(cells) -> np.ndarray:
    """Return which cells are among some cells."""
    found = np.zeros(SHAPE, dtype=bool)
    found[cells.rows, cells.columns] = True
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_split_every_observed_cell_is_fitted(kind):
    """Nothing is held out, and missing cells stay missing."""
    data = dataset(kind)
    found, validation, test, notes = made(data)
    assert validation is test is None
    assert notes == []
    np.testing.assert_array_equal(full(found.X), matrix())
    np.testing.assert_array_equal(fitted(found), observed_cells(data))
    assert (found.observed is None) == (data.missing == "none")


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_and_training_cells_are_the_observed_ones(kind):
    """Training, validation and test cells are disjoint and together all there are."""
    data = dataset(kind)
    config = Speckled(test=0.2, validation=0.1, n_components_max=5)
    found, validation, test, _ = made(data, config)
    sets = np.stack([fitted(found), grid(validation), grid(test)]).sum(axis=0)
    np.testing.assert_array_equal(sets, observed_cells(data))
    assert len(test) == round(0.2 * observed_cells(data).sum())
    n_left = int(observed_cells(data).sum()) - len(test)
    assert len(validation) == round(0.1 * n_left)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_cells_carry_their_values_and_the_problem_does_not(kind):
    """Values are those of X, in float64; X is 0 or not stored there."""
    config = Speckled(test=0.2, n_components_max=5)
    found, validation, test, _ = made(dataset(kind), config, dtype="float32")
    assert validation is None
    assert test.values.dtype == np.float64
    np.testing.assert_array_equal(test.values, matrix()[test.rows, test.columns])
    np.testing.assert_array_equal(
        full(found.X), np.where(grid(test), 0, matrix()).astype(np.float32)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_problem_is_as_its_contract_says(kind):
    """Read-only, C-ordered or canonical CSR, of the asked dtype; patterns agree."""
    found, *_ = made(dataset(kind), Speckled(n_components_max=5), dtype="float32")
    assert found.X.dtype == found.dtype == np.float32
    if not found.is_sparse:
        assert found.X.flags.c_contiguous
        arrays = [found.X, found.observed]
        assert (found.X[~found.observed] == 0).all()
    else:
        arrays = [found.X.data, found.X.indices, found.X.indptr, found.observed.data]
        copy = csr_array(
            (found.X.data, found.X.indices, found.X.indptr), shape=SHAPE, copy=True
        )
        assert copy.has_canonical_format
        np.testing.assert_array_equal(found.observed.indices, found.X.indices)
        np.testing.assert_array_equal(found.observed.indptr, found.X.indptr)
        assert found.observed.data.all()
    assert not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize("kind", KINDS)
def test_each_line_keeps_more_cells_than_the_largest_model_has_components(kind):
    """Even where so much is asked for that every line is worn down to that."""
    data, most = dataset(kind), 12
    config = Speckled(test=0.7, n_components_max=most)
    found, _, test, notes = made(data, config)
    before, after = observed_cells(data), fitted(found)
    for axis in (0, 1):
        n_before, n_after = before.sum(axis=axis), after.sum(axis=axis)
        assert (n_after >= np.minimum(n_before, most + 1)).all()
    # No cell is left that could be held out as well: both its lines have room.
    room = [after.sum(axis=1) > most + 1, after.sum(axis=0) > most + 1]
    assert not (after & room[0][:, None] & room[1]).any()
    n_asked = round(0.7 * int(before.sum()))
    assert len(test) < n_asked
    assert (
        f"{len(test):,} cells are held out for test, not the {n_asked:,}" in notes[-1]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_holds_out_the_same_cells(kind):
    """The generator decides, and nothing else."""
    config = Speckled(n_components_max=5)
    one, same, other = (
        grid(made(dataset(kind), config, seed=seed)[2]) for seed in (0, 0, 1)
    )
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(("one", "other"), [("dense", "csr"), ("masked", "unstored")])
def test_storage_does_not_decide(one, other):
    """The same data dense and sparse lose the same cells."""
    config = Speckled(n_components_max=5)
    cells = [made(dataset(kind), config)[2] for kind in (one, other)]
    np.testing.assert_array_equal(cells[0].rows, cells[1].rows)
    np.testing.assert_array_equal(cells[0].columns, cells[1].columns)


def test_test_cells_do_not_depend_on_validation():
    """Runs with and without validation-based stopping are tested alike."""
    plain, stopping = (
        made(dataset("dense"), Speckled(validation=share, n_components_max=5))[2]
        for share in (0.0, 0.2)
    )
    np.testing.assert_array_equal(grid(plain), grid(stopping))


def test_a_complete_sparse_matrix_keeps_its_zeros_as_data():
    """Its zeros are spelt out, as the cells to fit are those that are stored."""
    found, *_ = made(dataset("csr"), Speckled(n_components_max=5))
    assert found.X.nnz == fitted(found).sum() > np.count_nonzero(matrix())


def test_a_large_complete_sparse_matrix_is_refused(monkeypatch):
    """The list of its cells would not fit; the message names the ways out."""
    monkeypatch.setattr(partition, "MAX_EXPLICIT_CELLS", 100)
    with pytest.raises(ValueError, match=r"dataset\.storage=dense"):
        made(dataset("csr"), Speckled(n_components_max=5))


def test_an_unsplit_problem_is_the_memory_map(tmp_path):
    """Nothing is copied when nothing is to be changed, dense or sparse."""
    for kind in ("dense", "csr", "unstored", "masked"):
        materialise(dataset(kind), tmp_path / kind)
        data = open_dataset(tmp_path / kind)
        found, *_ = made(data)
        one, other = (
            X if kind in ("dense", "masked") else X.data for X in (found.X, data.X)
        )
        assert np.shares_memory(one, other)


def test_what_is_given_is_not_changed_or_frozen():
    """A dataset made in memory stays writable; the problem's view of it is not."""
    data = dataset("dense")
    found, *_ = made(data)
    assert data.X.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        found.X[0, 0] = 1


def test_values_in_masked_cells_never_reach_the_problem():
    """Not even NaN, in data that were not materialised."""
    X, mask = matrix(), matrix() > 0
    X[~mask] = np.nan
    found, *_ = made(Dataset(X=X, missing="mask", mask=mask))
    np.testing.assert_array_equal(found.X, matrix())


@pytest.mark.parametrize("kind", ["masked", "unstored"])
def test_missing_as_zero_makes_a_complete_problem_and_says_so(kind):
    """The solver is told 0, and the note counts the inventions."""
    found, _, _, notes = made(dataset(kind), missing_as_zero=True)
    assert found.observed is None
    np.testing.assert_array_equal(full(found.X), matrix())
    n_zero = int((matrix() == 0).sum())
    assert notes[0].startswith(f"{n_zero:,} of 1,200 cells are unknown to the solver")


@pytest.mark.parametrize("kind", KINDS)
def test_missing_as_zero_tests_on_observed_cells_only(kind):
    """Held-out cells are the same as without it, and 0 in training."""
    config = Speckled(n_components_max=5)
    plain, _, test, _ = made(dataset(kind), config)
    found, _, same, _ = made(dataset(kind), config, missing_as_zero=True)
    np.testing.assert_array_equal(grid(same), grid(test))
    np.testing.assert_array_equal(same.values, test.values)
    assert found.observed is None
    np.testing.assert_array_equal(full(found.X), full(plain.X))
    assert not found.is_sparse or found.X.data.all()


def test_missing_as_zero_changes_nothing_on_complete_data():
    """There is nothing to invent and nothing to say."""
    found, _, _, notes = made(dataset("dense"), missing_as_zero=True)
    np.testing.assert_array_equal(found.X, matrix())
    assert notes == []


def test_x_is_weighted_before_it_is_split():
    """Training and test cells hold weighted values."""
    found, _, test, notes = made(
        dataset("dense"), Speckled(n_components_max=5), Log1p()
    )
    weighted = np.log1p(matrix())
    np.testing.assert_array_equal(test.values, weighted[test.rows, test.columns])
    np.testing.assert_array_equal(found.X, np.where(grid(test), 0, weighted))
    assert notes == []


def test_a_weighting_that_looks_at_other_cells_is_said_to_leak():
    """Its scales were computed with the held-out cells."""
    *_, notes = made(dataset("csr"), Speckled(n_components_max=5), Tfidf())
    assert "its scales know a little of what is tested" in notes[0]


def test_missing_as_zero_lets_a_weighting_see_a_complete_matrix():
    """tf-idf refuses unknown cells, and takes them for 0 where told to."""
    with pytest.raises(ValueError, match="missing_as_zero=true"):
        made(dataset("unstored"), weighting=Tfidf())
    found, *_ = made(dataset("unstored"), weighting=Tfidf(), missing_as_zero=True)
    expected = Tfidf().apply(dataset("csr")).X
    np.testing.assert_array_equal(full(found.X), full(expected))


def test_a_sparse_matrix_with_a_mask_must_be_materialised():
    """Materialising stores its observed cells; a split does not guess."""
    X = csr_array(matrix())
    data = Dataset(X=X, missing="mask", mask=matrix() > 0)
    with pytest.raises(ValueError, match="materialise it first"):
        made(data)


@pytest.mark.parametrize("kind", ["dense", "masked", "unstored"])
def test_a_floor_raises_the_cells_to_fit_and_no_other(kind, tmp_path):
    """Cells that nobody observed stay 0, and the data as they were."""
    data = dataset(kind)
    materialise(data, tmp_path)
    opened = open_dataset(tmp_path)
    posed = pose(
        opened,
        NoWeighting(),
        NoSplit(),
        Objective(floor=1.5),
        "float64",
        rng=np.random.default_rng(0),
    )
    found = posed.problem
    seen = fitted(found)
    expected = np.where(seen, np.maximum(matrix(), 1.5), 0.0)
    np.testing.assert_array_equal(full(found.X), expected)
    np.testing.assert_array_equal(full(opened.X), full(data.X))


def test_a_floor_below_all_values_copies_nothing():
    """X stays the array it was."""
    X = matrix() + 1.0
    posed = pose(
        Dataset(X=X),
        NoWeighting(),
        NoSplit(),
        Objective(floor=0.5),
        "float64",
        rng=np.random.default_rng(0),
    )
    assert np.shares_memory(posed.problem.X, X)


def test_a_floor_does_not_make_a_sparse_matrix_dense():
    """Every cell it does not store would become the floor: refused."""
    with pytest.raises(ValueError, match=r"objective\.floor=0\.1 would make every"):
        pose(
            dataset("csr"),
            NoWeighting(),
            NoSplit(),
            Objective(floor=0.1),
            "float64",
            rng=np.random.default_rng(0),
        )


def described(kind: str) -> Dataset:
    """Return a dataset that knows a time and a fold of each cell it holds."""
    data = dataset(kind)
    n_cells = data.X.size if kind == "dense" else np.count_nonzero(matrix())
    rng = np.random.default_rng(2)
    extras = {
        "timestamps": rng.permutation(n_cells) + 900_000_000,
        "folds": rng.integers(1, 4, n_cells),
    }
    return replace(data, extras=extras)


PICKS = [KFolds(), Predefined(), LeaveN(n=3), LeaveN(choose="last"), Temporal()]
every_pick = pytest.mark.parametrize("config", PICKS, ids=repr)


@every_pick
@pytest.mark.parametrize("kind", ["dense", "masked", "unstored"])
def test_every_split_divides_the_observed_cells(config, kind):
    """Training, validation and test cells are disjoint and together all there are."""
    data = described(kind)
    found, validation, test, _ = made(data, replace(config, validation=0.2))
    sets = np.stack([fitted(found), grid(validation), grid(test)]).sum(axis=0)
    np.testing.assert_array_equal(sets, observed_cells(data))
    np.testing.assert_array_equal(test.values, matrix()[test.rows, test.columns])


@every_pick
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_held_out_events_are_0_in_a_complete_problem(config, kind):
    """Any solver can take it; what is held out are nonzero cells of X."""
    config = replace(config, cells="positive", validation=0.2)
    found, validation, test, notes = made(described(kind), config)
    assert found.observed is None
    held = grid(validation) | grid(test)
    assert (matrix()[held] > 0).all()
    np.testing.assert_array_equal(full(found.X), np.where(held, 0, matrix()))
    assert notes[-1].startswith(f"{held.sum()} nonzero cells are held out and count as")


def test_events_of_a_sparse_matrix_are_held_out_without_its_zeros(monkeypatch):
    """No list of all cells is made, however large X is."""
    monkeypatch.setattr(partition, "MAX_EXPLICIT_CELLS", 100)
    found, *_ = made(dataset("csr"), KFolds(cells="positive"))
    assert found.X.nnz < np.count_nonzero(matrix())


@pytest.mark.parametrize("kind", ["masked", "unstored"])
def test_events_are_not_held_out_where_cells_are_missing(kind):
    """A 0 that stands for a rating would be an invention."""
    with pytest.raises(ValueError, match=r"split\.cells=positive .*cells are missing"):
        made(described(kind), KFolds(cells="positive"))


@every_pick
def test_refitting_leaves_the_test_cells_alone(config):
    """Validation cells go back to training; they are the only ones that do."""
    config, data = replace(config, validation=0.2), described("unstored")
    _, validation, test, _ = made(data, config)
    whole, none, same, _ = made(data, config, refit=True)
    assert none is None
    np.testing.assert_array_equal(grid(same), grid(test))
    np.testing.assert_array_equal(fitted(whole), (matrix() > 0) & ~grid(test))
    assert (fitted(whole) & grid(validation)).sum() == len(validation)


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_scales_of_held_out_events_come_from_training_alone(kind):
    """What a document's length is may not depend on the words it is tested on."""
    config = KFolds(cells="positive")
    plain, _, raw, _ = made(dataset(kind), config)
    found, _, test, notes = made(dataset(kind), config, Tfidf())
    training = Dataset(X=full(plain.X))
    np.testing.assert_allclose(full(found.X), Tfidf().apply(training).X, rtol=1e-12)
    np.testing.assert_array_equal(test.rows, raw.rows)
    whole = Tfidf().apply(Dataset(X=matrix()), seen=training).X
    np.testing.assert_allclose(test.values, whole[test.rows, test.columns], rtol=1e-12)
    assert not any("held-out ones among them" in note for note in notes)
