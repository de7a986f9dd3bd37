"""Tests of MovieLens: small archives of its formats, and the real ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets import _movielens_reading as reading
from nmflab_datasets import movielens
from nmflab_datasets.movielens import MovieLens1M, MovieLens100K, MovieLensLatestSmall

from nmflab.contracts import Dataset
from nmflab.materialise import materialise

RNG = np.random.default_rng(0)

GENRES = "unknown|0\nAction|1\nComedy|2\n\n"
U_DATA = "2\t1\t5\t30\n1\t1\t4\t20\n1\t3\t2\t10\n2\t2\t1\t40\n3\t2\t3\t50\n"
FILES_100K = {
    "u.data": U_DATA,
    "u.genre": GENRES,
    "u.item": (
        "1|Fée (1990)|x||u|0|1|1\n"
        "2|Twice (1991)|x||u|0|0|1\n"
        "3|Twice (1991)|x||u|1|0|0\n"
    ),
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n3|31|F|writer|1\n",
    "u1.test": "2\t1\t5\t30\n",
    "u2.test": "1\t1\t4\t20\n",
    "u3.test": "1\t3\t2\t10\n",
    "u4.test": "2\t2\t1\t40\n",
    "u5.test": "3\t2\t3\t50\n",
    "ua.test": "1\t3\t2\t10\n3\t2\t3\t50\n",
    "ub.test": "2\t1\t5\t30\n",
}
FILES_1M = {
    "ratings.dat": "1::2::5::30\n6040::2::3::10\n6040::3952::4::20\n",
    "movies.dat": (
        "1::Unseen (1995)::Comedy\n"
        "2::Fée: A Tale (1990)::Children's|Fantasy\n"
        "3952::Last, The (2000)::Drama\n"
    ),
    "users.dat": "1::F::1::10::48067\n6040::M::25::6::11106\n",
}


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that has the datasets read an archive made of some texts."""

    def packed(folder: str, files: dict[str, str], encoding: str) -> None:
        path = tmp_path / f"{folder}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{folder}/{name}", text.encode(encoding))
        monkeypatch.setattr(movielens, "fetch", lambda file, origin: path)

    return packed


@pytest.fixture
def small_100k(packed: Callable[..., None]) -> Callable[..., Dataset]:
    """Return a function that loads the small archive in the format of the 100K set."""
    packed("ml-100k", FILES_100K, "latin-1")
    return lambda **options: MovieLens100K(**options).load(RNG)


@pytest.fixture
def small_1m(packed: Callable[..., None]) -> Callable[..., Dataset]:
    """Return a function that loads the small archive in the format of the 1M set."""
    packed("ml-1m", FILES_1M, "latin-1")
    return lambda **options: MovieLens1M(**options).load(RNG)


def test_ratings_are_users_by_films_with_the_rest_unknown(small_100k):
    """In order of ids; what nobody rated is not a zero."""
    data = small_100k()
    assert data.X.toarray().tolist() == [[4, 0, 2], [5, 1, 0], [0, 3, 0]]
    assert data.missing == "unstored"
    assert data.extras["rating_scale"].tolist() == [1, 5]
    assert data.row_names == ["user 1", "user 2", "user 3"]


def test_titles_are_latin_1_and_unique(small_100k):
    """Two films of one title are told apart by their ids."""
    titles = small_100k().column_names
    assert titles == ["Fée (1990)", "Twice (1991) [2]", "Twice (1991) [3]"]


def test_genres_and_people_come_along(small_100k):
    """Genres by their flags; age, gender and occupation of each user."""
    extras = small_100k().extras
    assert extras["column_metadata"] == ["Action|Comedy", "Comedy", "unknown"]
    assert extras["row_metadata"][1] == "age 53|F|other"


def test_times_and_folds_stand_with_their_ratings(small_100k):
    """In the order of the stored cells, whatever the order of the file."""
    extras = small_100k().extras
    assert extras["timestamps"].tolist() == [20, 10, 30, 40, 50]
    assert extras["folds"].tolist() == [2, 3, 1, 4, 5]
    assert extras["test_ua"].tolist() == [False, True, False, False, True]
    assert extras["test_ub"].tolist() == [False, False, True, False, False]


def test_films_as_samples_turn_everything_round(small_100k):
    """Times follow the cells; people become what is known of columns."""
    data = small_100k(samples="items")
    assert data.X.toarray().tolist() == [[4, 5, 0], [0, 1, 3], [2, 0, 0]]
    assert data.extras["timestamps"].tolist() == [20, 30, 40, 50, 10]
    assert data.extras["column_metadata"][0] == "age 24|M|technician"
    assert data.row_names[0] == "Fée (1990)"


@pytest.mark.parametrize("view", ["implicit", "binary"])
def test_every_rating_is_an_event(small_100k, view):
    """Low ratings too: the film was seen. Zeros are then known."""
    data = small_100k(view=view)
    assert data.X.data.tolist() == [1] * 5
    assert data.missing == "none"
    assert "rating_scale" not in data.extras


def test_rare_films_can_go(small_100k):
    """And it is said."""
    data = small_100k(min_column_count=2)
    assert data.column_names == ["Fée (1990)", "Twice (1991) [2]"]
    assert "1 of 3 columns with fewer than 2" in data.extras["preparation"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"u2.test": "2\t1\t5\t30\n"}, "1 ratings never and 1 more than once"),
        ({"u5.test": "3\t3\t3\t50\n"}, "film 3 by user 3 that is not among the rat"),
    ],
)
def test_folds_that_are_no_partition_are_refused(packed, changed, said):
    """Each rating is tested once, or the figures mean something else."""
    packed("ml-100k", FILES_100K | changed, "latin-1")
    with pytest.raises(ValueError, match=said):
        MovieLens100K().load(RNG)


def test_latest_small_numbers_films_anew(packed):
    """CRLF, quoted commas, half stars, ids with gaps, films nobody rated."""
    files = {
        "ratings.csv": (
            "userId,movieId,rating,timestamp\r\n1,193609,0.5,7\r\n1,5,4.5,6\r\n"
            "2,5,3.0,5\r\n"
        ),
        "movies.csv": (
            "movieId,title,genres\r\n"
            '5,"Étranger, The ""X"" (1960)",Drama|War\r\n'
            "6,Never Seen (1970),Comedy\r\n"
            "193609,Short (2018),(no genres listed)\r\n"
        ),
    }
    packed("ml-latest-small", files, "utf-8")
    data = MovieLensLatestSmall().load(RNG)
    assert data.X.toarray().tolist() == [[4.5, 0.5], [3, 0]]
    assert data.column_names == ['Étranger, The "X" (1960)', "Short (2018)"]
    assert data.extras["column_metadata"] == ["Drama|War", ""]
    assert data.extras["rating_scale"].tolist() == [0.5, 5]
    assert data.extras["timestamps"].tolist() == [6, 7, 5]
    assert data.extras["preparation"] == (
        "left out 1 of 3 listed films that nobody rated"
    )


def test_one_million_is_read_from_its_format(small_1m):
    """Fields between ``::``, Latin-1, ids with gaps."""
    data = small_1m()
    assert data.X.toarray().tolist() == [[5, 0], [3, 4]]
    assert data.row_names == ["user 1", "user 6040"]
    assert data.column_names == ["Fée: A Tale (1990)", "Last, The (2000)"]
    assert data.extras["column_metadata"] == ["Children's|Fantasy", "Drama"]
    assert data.extras["timestamps"].tolist() == [30, 10, 20]
    assert "1 of 3 listed films" in data.extras["preparation"]


def test_one_million_spells_out_ages_and_occupations(small_1m):
    """Its users.dat holds codes, which its README explains."""
    assert small_1m().extras["row_metadata"] == [
        "age under 18|F|K-12 student",
        "age 25-34|M|doctor/health care",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"view": "counts"}, "dataset.view must be one of explicit, implicit, binary"),
        ({"samples": "films"}, "dataset.samples must be one of users, items"),
        ({"min_row_count": -1}, "dataset.min_row_count must be at least 0"),
    ],
)
@pytest.mark.parametrize("dataset", [MovieLens100K, MovieLensLatestSmall, MovieLens1M])
def test_options_out_of_range_are_refused_at_once(dataset, options, said):
    """Before anything is downloaded."""
    with pytest.raises(ValueError, match=said):
        dataset(**options)


def test_the_origins_say_who_may_pass_the_data_on():
    """100K and 1M may not be, latest-small may under the same terms."""
    specs = {spec.name: spec.origin for spec in movielens.nmflab_datasets()}
    assert {name: origin.redistributable for name, origin in specs.items()} == {
        "movielens_100k": False,
        "movielens_latest_small": True,
        "movielens_1m": False,
    }
    assert "no commercial" in specs["movielens_1m"].licence


@pytest.fixture(scope="module")
def real() -> dict[str, Dataset]:
    """Return the real sets, read once."""
    return {}


@pytest.fixture
def ml_100k(real: dict[str, Any], real_file: Callable[[str], Path]) -> Dataset:
    """Return the real 100K set."""
    real_file("movielens-100k/ml-100k.zip")
    if "100k" not in real:
        real["100k"] = MovieLens100K().load(RNG)
    return real["100k"]


@pytest.fixture
def latest_small(real: dict[str, Any], real_file: Callable[[str], Path]) -> Dataset:
    """Return the real latest-small set."""
    real_file("movielens-latest-small/ml-latest-small.zip")
    if "small" not in real:
        real["small"] = MovieLensLatestSmall().load(RNG)
    return real["small"]


@pytest.mark.data
def test_100k_holds_the_published_ratings(ml_100k):
    """943 users, 1682 films, 100,000 ratings; counts of each star and their mean."""
    assert ml_100k.X.shape == (943, 1682)
    stars, counts = np.unique(ml_100k.X.data, return_counts=True)
    assert stars.tolist() == [1, 2, 3, 4, 5]
    assert counts.tolist() == [6110, 11370, 27145, 34174, 21201]
    assert ml_100k.X.data.mean() == pytest.approx(3.52986, abs=1e-9)
    assert np.diff(ml_100k.X.indptr).min() == 20


@pytest.mark.data
def test_100k_holds_five_folds_of_20000(ml_100k):
    """And ua and ub with ten ratings of each user, none in both."""
    extras = ml_100k.extras
    assert np.bincount(extras["folds"]).tolist() == [0, *[20000] * 5]
    users = np.repeat(np.arange(943), np.diff(ml_100k.X.indptr))
    for name in ("test_ua", "test_ub"):
        assert (np.bincount(users[extras[name]]) == 10).all()
    assert not (extras["test_ua"] & extras["test_ub"]).any()


@pytest.mark.data
def test_100k_knows_one_rating_in_full(ml_100k):
    """The first line of u.data: user 196 gave film 242 three stars on 4 Dec 1997."""
    row = ml_100k.row_names.index("user 196")
    column = ml_100k.column_names.index("Kolya (1996)")
    start, end = ml_100k.X.indptr[row : row + 2]
    at = start + np.searchsorted(ml_100k.X.indices[start:end], column)
    assert ml_100k.X.indices[at] == column
    assert ml_100k.X.data[at] == 3
    assert ml_100k.extras["timestamps"][at] == 881250949
    assert ml_100k.extras["row_metadata"][row] == "age 49|M|writer"
    assert ml_100k.extras["column_metadata"][column] == "Comedy"


@pytest.mark.data
def test_100k_names_are_unique_and_no_latin_1_is_lost(ml_100k):
    """18 titles stand for two films each; 19 genres are in use."""
    names = ml_100k.column_names
    assert len(set(names)) == 1682
    assert sum(name.endswith("]") for name in names) == 36
    assert "Misérables, Les (1995)" in names
    genres = {g for one in ml_100k.extras["column_metadata"] for g in one.split("|")}
    assert len(genres) == 19


@pytest.mark.data
def test_latest_small_holds_the_published_ratings(latest_small):
    """610 users, 9724 of 9742 films, 100,836 ratings in half stars."""
    X = latest_small.X
    assert (X.shape, X.nnz) == ((610, 9724), 100_836)
    assert np.unique(2 * X.data).tolist() == list(range(1, 11))
    assert latest_small.extras["preparation"] == (
        "left out 18 of 9,742 listed films that nobody rated"
    )
    assert len(set(latest_small.column_names)) == 9724


@pytest.mark.data
def test_real_sets_can_be_kept(ml_100k, latest_small, tmp_path):
    """Everything that comes along is of a kind that is stored."""
    for name, data in (("a", ml_100k), ("b", latest_small)):
        assert materialise(data, tmp_path / name)["missing"] == "unstored"


def test_two_ratings_of_one_film_by_one_user_are_refused():
    """The published sets hold none; a damaged copy might."""
    text = b"1\t1\t5\t0\n1\t1\t4\t0\n"
    films = reading.Films({1: "A"}, {1: ""})
    with pytest.raises(ValueError, match="row 1, column 1 is listed more than once"):
        reading.assemble(reading.read_ratings(text, "\t"), films, scale=(1.0, 5.0))
