"""Tests of `nmflab.splits`: which cells are held out, and what a solver is given."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Objective
from nmflab.materialise import materialise, open_dataset
from nmflab.splits import SPLITS, NoSplit, Speckled, make_problem, problem, split
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
    """Make a problem with defaults."""
    return make_problem(
        data,
        weighting or NoWeighting(),
        split_config or NoSplit(),
        Objective(),
        dtype,
        rng=np.random.default_rng(seed),
        **more,
    )


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


def test_the_splits_have_names():
    """They are what a configuration may say."""
    assert dict(SPLITS) == {"none": NoSplit, "speckled": Speckled}


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
    assert len(validation) == round(0.1 * observed_cells(data).sum())


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


def test_cells_of_short_lines_are_never_held_out_and_counted():
    """A row with no more cells than it must keep is left alone, and that is said."""
    mask = np.ones(SHAPE, dtype=bool)
    mask[3, 6:] = False
    data = Dataset(X=matrix() + 1, missing="mask", mask=mask)
    _, _, test, notes = made(data, Speckled(test=0.3, n_components_max=5))
    assert 3 not in test.rows
    assert notes[0].startswith("6 of 1,176 observed cells can never be held out")


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


def test_held_out_cells_are_spread_evenly():
    """No row is favoured: counts of 1000 rows fit a binomial, mean 10 of 100.

    Its standard deviation is 3; five of them above and below hold for 1000 rows with
    probability 0.999, and the seed is fixed.
    """
    data = Dataset(X=np.ones((1000, 100)))
    cells = split(data, Speckled(n_components_max=5), np.random.default_rng(0)).test
    counts = np.bincount(cells.rows, minlength=1000)
    assert counts.sum() == 10_000
    assert abs(counts - 10).max() <= 15
    assert 2.7 < counts.std() < 3.3


def test_a_table_too_small_to_hold_out_is_a_sentence():
    """The default keeps 21 cells a line; the message says what to lower."""
    with pytest.raises(ValueError, match=r"lower n_components_max to the largest"):
        made(Dataset(X=np.ones((5, 4))), Speckled())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"test": -0.1}, "split.test must be >= 0 and < 1.*got -0.1"),
        ({"test": float("nan")}, "split.test must be >= 0 and < 1.*got nan"),
        ({"validation": 1.0}, "split.validation must be >= 0 and < 1"),
        ({"test": 0.0}, "together must be > 0"),
        ({"test": 0.5, "validation": 0.5}, "together must be > 0 and < 1"),
        ({"n_components_max": 0}, "split.n_components_max must be >= 1, got 0"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made, with its key."""
    with pytest.raises(ValueError, match=message):
        Speckled(**fields)


def test_a_complete_sparse_matrix_keeps_its_zeros_as_data():
    """Its zeros are spelt out, as the cells to fit are those that are stored."""
    found, *_ = made(dataset("csr"), Speckled(n_components_max=5))
    assert found.X.nnz == fitted(found).sum() > np.count_nonzero(matrix())


def test_a_large_complete_sparse_matrix_is_refused(monkeypatch):
    """The list of its cells would not fit; the message names the ways out."""
    monkeypatch.setattr(problem, "MAX_EXPLICIT_CELLS", 100)
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
    found, *_ = make_problem(
        opened,
        NoWeighting(),
        NoSplit(),
        Objective(floor=1.5),
        "float64",
        rng=np.random.default_rng(0),
    )
    seen = fitted(found)
    expected = np.where(seen, np.maximum(matrix(), 1.5), 0.0)
    np.testing.assert_array_equal(full(found.X), expected)
    np.testing.assert_array_equal(full(opened.X), full(data.X))


def test_a_floor_below_all_values_copies_nothing():
    """X stays the array it was."""
    X = matrix() + 1.0
    found, *_ = make_problem(
        Dataset(X=X),
        NoWeighting(),
        NoSplit(),
        Objective(floor=0.5),
        "float64",
        rng=np.random.default_rng(0),
    )
    assert np.shares_memory(found.X, X)


def test_a_floor_does_not_make_a_sparse_matrix_dense():
    """Every cell it does not store would become the floor: refused."""
    with pytest.raises(ValueError, match=r"objective\.floor=0\.1 would make every"):
        make_problem(
            dataset("csr"),
            NoWeighting(),
            NoSplit(),
            Objective(floor=0.1),
            "float64",
            rng=np.random.default_rng(0),
        )
