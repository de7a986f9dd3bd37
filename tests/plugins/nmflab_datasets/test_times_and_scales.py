"""Tests of a list's times, and of the scale its ratings are on."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets.file import File

from nmflab.materialise import materialise, open_dataset
from nmflab.splits import LeaveN, Temporal, split

# Two users and two items, listed out of order; the last line is the earliest.
LIST = "user,item,value,when\nb,y,4,400\na,y,3,300\nb,x,2,200\na,x,1,100\n"


def times(dataset):
    """Return the times by names of row and column."""
    X = dataset.X.tocoo()
    found = {}
    for i, j, t in zip(X.row, X.col, dataset.extras["timestamps"], strict=True):
        found[dataset.row_names[i], dataset.column_names[j]] = int(t)
    return found


def long(**options):
    """Return the options of a list."""
    return {"layout": "long", **options}


def test_times_follow_their_cells(read):
    """In the order of X, whatever that of the file."""
    data = read("r.csv", LIST, **long(time="when"))
    assert data.extras["timestamps"].dtype == np.int64
    expected = {("a", "x"): 100, ("a", "y"): 300, ("b", "x"): 200, ("b", "y"): 400}
    assert times(data) == expected
    assert data.X.toarray().tolist() == [[1, 3], [2, 4]]


def test_times_follow_their_cells_when_users_become_columns(read):
    """A transposed X holds its cells in another order."""
    data = read("r.csv", LIST, **long(time="when", transpose=True))
    expected = {("x", "a"): 100, ("y", "a"): 300, ("x", "b"): 200, ("y", "b"): 400}
    assert times(data) == expected
    assert data.row_names == ["x", "y"]


def test_without_the_option_there_are_no_times(read):
    """A fourth column stays unread, as before."""
    assert "timestamps" not in read("r.csv", LIST, **long()).extras


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("881250949", 881250949),
        ("881250949.75", 881250949),
        ("1997-12-04T15:55:49", 881250949),
        ("1997-12-04 15:55:49", 881250949),
        ("1997-12-04T15:55:49Z", 881250949),
        ("1997-12-04T16:55:49+01:00", 881250949),
        ("1997-12-04", 881193600),
        ("1969-12-31T23:59:59", -1),
    ],
)
def test_times_are_seconds_or_iso_dates(read, written, seconds):
    """Dates without a zone are UTC; parts of a second are cut off."""
    data = read("r.csv", f"a,x,5,{written}\nb,y,3,{written}\n", **long(time="4"))
    assert data.extras["timestamps"].tolist() == [seconds, seconds]


@pytest.mark.parametrize("first", ["a,x,2020-01-31", "1,7,881250949", "1,7,1997-12-04"])
def test_three_columns_may_be_user_item_and_time(read, first):
    """Each value is 1 then; and the first line is data, as its time shows."""
    data = read("e.csv", f"{first}\nlast,{first[2:]}\n", **long(time="3"))
    assert data.X.data.tolist() == [1, 1]
    assert data.X.shape == (2, 1)


def test_a_time_that_is_none_is_named_by_line(read):
    """With what was written there."""
    text = "a,x,5,100\na,y,5,yesterday\n"
    with pytest.raises(
        ValueError, match="line 2 has 'yesterday', which is not seconds"
    ):
        read("r.csv", text, **long(time="4"))


def test_a_blank_time_is_named_by_line(read):
    """In the first line too, which is data all the same."""
    text = "a,x,5,\na,y,5,100\n"
    with pytest.raises(ValueError, match="line 1 has no time; give seconds since 1970"):
        read("r.csv", text, **long(time="4"))


def test_milliseconds_are_not_taken_for_seconds(read):
    """They would date the list to the year 29,895."""
    text = "a,x,5,881250949000\na,y,5,881250950000\n"
    with pytest.raises(
        ValueError, match=r"line 1 has 881250949000.*divide milliseconds"
    ):
        read("r.csv", text, **long(time="4"))


def test_days_without_dashes_are_not_taken_for_seconds(read):
    """They would date the list to August 1970."""
    text = "a,x,5,20240531\na,y,5,20240601\n"
    with pytest.raises(ValueError, match="read as days; write 2024-05-31"):
        read("r.csv", text, **long(time="4"))


def test_a_column_of_times_that_is_not_there_is_named(read):
    """With what there is."""
    with pytest.raises(ValueError, match=r"dataset\.time=whem: .* mean 'when'"):
        read("r.csv", LIST, **long(time="whem"))


def test_times_cannot_be_the_values(read):
    """A fourth column might hold the values; nobody guesses."""
    with pytest.raises(
        ValueError, match=r"dataset\.time are the same column.*all four"
    ):
        read("r.csv", LIST, **long(time="value"))


@pytest.mark.parametrize(
    ("duplicates", "when"), [("last", 100), ("mean", 300), ("sum", 300)]
)
def test_a_cell_listed_twice_has_one_time(read, duplicates, when):
    """That of the entry taken; of what is added up the latest, when it was complete."""
    text = "a,x,1,300\na,y,1,50\na,x,3,100\n"
    data = read("r.csv", text, **long(time="4", duplicates=duplicates))
    assert times(data) == {("a", "x"): when, ("a", "y"): 50}


def test_unknown_values_lose_their_times(read):
    """A blank value is no cell."""
    text = "a,x,,300\na,y,1,50\nb,x,3,100\n"
    data = read("r.csv", text, **long(time="4", nan="missing"))
    assert times(data) == {("a", "y"): 50, ("b", "x"): 100}


def test_zeros_that_are_values_have_no_times(read, tmp_path):
    """A listed 0 says no more than one left out, where zeros are values."""
    text = "a,x,0,300\na,y,1,50\nb,x,3,100\n"
    data = read("r.csv", text, **long(time="4", zeros="values"))
    assert times(data) == {("a", "y"): 50, ("b", "x"): 100}
    materialise(data, tmp_path / "kept")
    opened = open_dataset(tmp_path / "kept")
    assert opened.extras["timestamps"].tolist() == [50, 100]


def test_a_dense_table_of_a_list_keeps_the_times_of_its_known_cells(read):
    """Row by row, as the mask has them."""
    text = "a,x,5,300\na,y,1,50\nb,x,3,100\n"
    data = read("r.csv", text, **long(time="4", storage="dense"))
    assert data.missing == "mask"
    assert data.extras["timestamps"].tolist() == [300, 50, 100]


def test_times_of_some_cells_of_a_complete_table_are_refused(read):
    """Zeros that the list leaves out are values here, and nobody knows since when."""
    text = "a,x,5,300\na,y,1,50\nb,x,3,100\n"
    with pytest.raises(
        ValueError, match="1 zeros that it does not list are values too"
    ):
        read("r.csv", text, **long(time="4", storage="dense", zeros="values"))


def test_a_temporal_split_takes_the_latest_of_a_users_own_list(read):
    """What came at 300 and later is tested."""
    data = read("r.csv", LIST, **long(time="when"))
    cells = split(data, Temporal(test=0.5), np.random.default_rng(0))
    assert cells.test.values.tolist() == [3, 4]
    assert cells.X.data.tolist() == [1, 2]


def test_the_latest_of_each_user_can_be_left_out(read):
    """Here the item called y of both."""
    data = read("r.csv", LIST, **long(time="when"))
    last = LeaveN(n=1, at_least=2, choose="last")
    assert split(data, last, np.random.default_rng(0)).test.columns.tolist() == [1, 1]


def test_a_table_has_no_column_of_times():
    """The option is one of lists."""
    with pytest.raises(ValueError, match=r"dataset\.time names a column of a list"):
        File(path="X.csv", time="when")


def test_parquet_dates_are_times(read, tmp_path):
    """As moments, with and without a zone, or as numbers."""
    pytest.importorskip("pyarrow")
    import pandas as pd

    frame = pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"], "value": [5.0, 3.0]})
    moments = pd.to_datetime(["1997-12-04T15:55:49", "1997-12-04T00:00:00"])
    for name, column in (
        ("naive", moments),
        ("zoned", moments.tz_localize("UTC").tz_convert("Asia/Tokyo")),
        ("numbers", [881250949, 881193600]),
        ("texts", ["1997-12-04T15:55:49", "1997-12-04"]),
    ):
        path = tmp_path / f"{name}.parquet"
        frame.assign(when=column).to_parquet(path)
        data = File(path=str(path), **long(time="when")).load(np.random.default_rng(0))
        assert data.extras["timestamps"].tolist() == [881250949, 881193600], name


@pytest.mark.parametrize("text", ["1..5", "1,5", " 1.0 .. 5.0 "])
def test_a_scale_is_kept_with_the_ratings(read, text):
    """Both ways to write it mean the same."""
    data = read("r.csv", LIST, **long(rating_scale=text))
    assert data.extras["rating_scale"].tolist() == [1.0, 5.0]


@pytest.mark.parametrize("text", ["5", "five", "1..", "1..3..5", "1-5"])
def test_what_is_no_scale_is_refused(text):
    """Naming the key and an example."""
    with pytest.raises(ValueError, match=r"dataset\.rating_scale=.* is no scale; give"):
        File(path="X.csv", rating_scale=text)


@pytest.mark.parametrize("text", ["5..1", "3..3", "nan..5", "1..inf"])
def test_a_scale_rises_between_finite_ends(text):
    """Naming the key."""
    with pytest.raises(ValueError, match=r"dataset\.rating_scale=.* is not below"):
        File(path="X.csv", rating_scale=text)


def test_a_rating_outside_the_scale_is_refused(read):
    """The scale, or the file, is not what the user believes."""
    with pytest.raises(ValueError, match="X holds 4, which is not from 1 to 3"):
        read("r.csv", LIST, **long(rating_scale="1..3"))


def test_zeros_that_are_values_must_be_on_the_scale(read):
    """The hint names what an unrated cell should be."""
    text = "a,x,5\nb,y,3\n"
    with pytest.raises(ValueError, match=r"X holds 0.*give dataset\.zeros=missing"):
        read("r.csv", text, **long(rating_scale="1..5", zeros="values"))
    table = "x,y\n5,0\n0,3\n"
    with pytest.raises(ValueError, match=r"X holds 0.*give dataset\.zeros=missing"):
        read("t.csv", table, rating_scale="1..5")
    data = read("t.csv", table, rating_scale="1..5", zeros="missing")
    assert data.extras["rating_scale"].tolist() == [1.0, 5.0]
