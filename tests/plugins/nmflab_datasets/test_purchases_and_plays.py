"""Tests of Last.fm, Groceries and Online Retail."""

from __future__ import annotations

import io
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from nmflab_datasets import _online_retail_reading as retail
from nmflab_datasets import groceries, lastfm, online_retail
from nmflab_datasets.groceries import Groceries
from nmflab_datasets.lastfm import LastFM
from nmflab_datasets.online_retail import OnlineRetail

from nmflab.fetching import member
from nmflab.materialise import materialise

RNG = np.random.default_rng(0)

JUNE = datetime(2011, 6, 1, 12, 0)
JULY = datetime(2011, 7, 1, 12, 0)


def sale(code: Any, quantity: int, customer: int | None, **other: Any) -> tuple:
    """Return a row of the sheet."""
    row = {
        "invoice": 536365,
        "code": code,
        "description": f"thing {code}",
        "quantity": quantity,
        "time": JUNE,
        "price": 2.5,
        "customer": customer,
        "country": "France",
    }
    return tuple((row | other).values())


def workbook(*rows: tuple) -> bytes:
    """Return an .xlsx with the header of Online Retail and some rows."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(retail.HEADER)
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def sold(tmp_path, monkeypatch):
    """Return a function that loads Online Retail from rows."""

    def sold(*rows, **options):
        path = tmp_path / "sales.xlsx"
        path.write_bytes(workbook(*rows))
        monkeypatch.setattr(online_retail, "fetch", lambda file, origin: path)
        return OnlineRetail(**options).load(RNG)

    return sold


def test_plays_are_users_by_artists():
    """Ids with gaps are numbered anew, in order; artists nobody played are left out."""
    data = lastfm.parse(
        b"userID\tartistID\tweight\n7\t51\t13883\n2\t52\t1\n2\t51\t9\n",
        'id\tname\turl\n51\tDuran \x85Duran\tu\n52\t"Weird" Al\tu\n53\tX\tu\n'.encode(),
    )
    assert data.X.toarray().tolist() == [[9, 1], [13883, 0]]
    assert data.row_names == ["user 2", "user 7"]
    assert data.column_names == ["Duran \x85Duran", '"Weird" Al']
    assert data.missing == "none"


def test_baskets_are_counts_with_departments():
    """Codes say group and department; lines end in CRLF."""
    data = groceries.parse(
        b"0\t2\r\n1\t0\r\n3\t7\r\n",
        b"011\tham\tSCHINKEN\r\n113\tpears \tBIRNEN\r\n",
        b"0\tmeat\tFLEISCH\r\n1\tfruit\tOBST\r\n",
        b"01\tcold cuts\tWURST\r\n11\tpip fruit\tKERNOBST\r\n",
    )
    assert data.X.toarray().tolist() == [[0, 2], [1, 0], [3, 7]]
    assert data.column_names == ["ham", "pears"]
    assert data.extras["column_metadata"] == ["cold cuts|meat", "pip fruit|fruit"]
    assert data.row_names[2] == "basket 3"


def test_purchases_add_up_and_the_last_date_stays(sold):
    """Whatever the order of the rows; codes differ in capitals only by mistake."""
    data = sold(
        sale("85123a", 3, 17850, time=JULY),
        sale("85123A", 2, 17850),
        sale(21166, 1, 12347),
    )
    assert data.row_names == ["customer 12347", "customer 17850"]
    assert data.X.toarray().tolist() == [[1, 0], [0, 5]]
    july = (JULY - datetime(1970, 1, 1)).total_seconds()
    assert data.extras["timestamps"][1] == july


def test_what_is_left_out_is_counted(sold):
    """Returns first, then rows without a customer, then no products, then repeats."""
    data = sold(
        sale(21166, 1, 1),
        sale(21166, 1, 1),
        sale(21166, -1, 1),
        sale(21166, -1, None),
        sale(21166, 4, None),
        sale("POST", 1, 1),
        sale("85123A", 2, 1),
    )
    assert data.X.toarray().tolist() == [[1, 2]]
    assert data.extras["preparation"] == (
        "of 7 rows left out 2 returns (quantities below 1), 1 rows without a customer,"
        " 1 rows that sell no product (codes other than 5 digits and letters), 1 rows"
        " that repeat another in full; 2 count"
    )


def test_other_codes_and_repeats_can_be_kept(sold):
    """Postage becomes a column; a row that stands twice counts twice."""
    rows = sale(21166, 1, 1), sale(21166, 1, 1), sale("POST", 1, 1)
    data = sold(*rows, codes="all", repeats="keep")
    assert data.X.toarray().tolist() == [[2, 1]]
    assert data.column_names == ["thing 21166", "thing POST"]


def test_a_product_is_called_what_it_is_called_most(sold):
    """Blanks apart; a name that two products share is followed by the code."""
    data = sold(
        sale(10001, 1, 1, description="RED  MUG "),
        sale(10001, 1, 2, description="RED MUG"),
        sale(10001, 1, 3, description="A MUG"),
        sale(10002, 1, 3, description="RED MUG"),
        sale(10003, 1, 3, description=None),
    )
    assert data.column_names == ["RED MUG [10001]", "RED MUG [10002]", "10003"]


def test_a_customer_is_of_the_country_of_the_last_purchase(sold):
    """A few customers have two."""
    data = sold(
        sale(10001, 1, 1, country="Spain", time=JULY), sale(10002, 1, 1, country="EIRE")
    )
    assert data.extras["row_metadata"] == ["Spain"]


def test_products_as_samples(sold):
    """Names and countries change sides."""
    data = sold(sale(10001, 3, 1), sale(10001, 2, 2), samples="products", view="binary")
    assert data.X.toarray().tolist() == [[1, 1]]
    assert data.row_names == ["thing 10001"]
    assert data.extras["column_metadata"] == ["France", "France"]


def test_another_sheet_is_refused(monkeypatch):
    """The columns are told by their names."""
    monkeypatch.setattr(retail, "HEADER", ("Invoice", *retail.HEADER[1:]))
    content = workbook()
    monkeypatch.undo()
    with pytest.raises(ValueError, match="row of the sheet holds Invoice, StockCode"):
        retail.read_sales(content)


def test_without_openpyxl_it_is_said_how_to_install_it(monkeypatch):
    """Not a bare ImportError."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ValueError, match=r"pip install 'nmflab\[data\]'"):
        retail.read_sales(b"")


def test_full_and_sample_come_from_different_files():
    """The full one is downloaded from its publisher, the sample is not published."""
    (spec,) = online_retail.nmflab_datasets()
    full = spec.origin_of(OnlineRetail()).files[0]
    sample = spec.origin_of(OnlineRetail(version="sample")).files[0]
    assert full.url.startswith("https://archive.ics.uci.edu/")
    assert sample.url is None


@pytest.mark.parametrize(
    ("dataset", "options", "said"),
    [
        (LastFM, {"view": "explicit"}, "dataset.view must be one of implicit, binary"),
        (LastFM, {"samples": "items"}, "dataset.samples must be one of users, artists"),
        (Groceries, {"samples": "users"}, "must be one of baskets, items"),
        (Groceries, {"min_column_count": -1}, "dataset.min_column_count must be at"),
        (OnlineRetail, {"version": "half"}, "dataset.version must be one of full, sam"),
        (OnlineRetail, {"codes": "some"}, "dataset.codes must be one of products, all"),
        (OnlineRetail, {"repeats": True}, "dataset.repeats must be one of drop, keep"),
    ],
)
def test_options_out_of_range_are_refused_at_once(dataset, options, said):
    """Before anything is downloaded."""
    with pytest.raises(ValueError, match=said):
        dataset(**options)


@pytest.mark.data
def test_lastfm_holds_the_published_counts(real_file, tmp_path):
    """1892 users, 17,632 artists, 92,834 counts from 1 to 352,698."""
    real_file("lastfm-2k/user_artists.dat.gz")
    data = LastFM().load(RNG)
    assert (data.X.shape, data.X.nnz) == ((1892, 17_632), 92_834)
    assert (data.X.data.min(), data.X.data.max()) == (1, 352_698)
    assert len(set(data.column_names)) == 17_632
    row = data.row_names.index("user 2")
    duran = data.column_names.index("Duran Duran")
    assert data.X[row, duran] == 13_883
    assert materialise(data, tmp_path / "data")["n_empty_columns"] == 0


@pytest.mark.data
def test_groceries_hold_the_published_baskets(real_file, tmp_path):
    """9835 baskets, 169 kinds, 43,367 cells from 1 to 7, in 55 groups of 10."""
    real_file("groceries/Groceries.data.gz")
    data = Groceries().load(RNG)
    assert (data.X.shape, data.X.nnz) == ((9835, 169), 43_367)
    assert (data.X.data.min(), data.X.data.max()) == (1, 7)
    groups, departments = zip(
        *(one.split("|") for one in data.extras["column_metadata"]), strict=True
    )
    assert (len(set(groups)), len(set(departments))) == (55, 10)
    assert materialise(data, tmp_path / "data")["n_empty_rows"] == 0


@pytest.mark.data
def test_groceries_names_stand_at_the_right_columns(real_file):
    """Each item is in as many baskets as in the list of baskets by name."""
    path = real_file("groceries/groceries.csv.gz")
    data = Groceries(view="binary").load(RNG)
    baskets = member(path, "groceries.csv").decode().splitlines()
    listed = Counter(name.strip() for basket in baskets for name in basket.split(","))
    counted = dict(zip(data.column_names, data.X.sum(axis=0), strict=True))
    assert counted == listed


@pytest.mark.data
def test_the_sample_of_online_retail_holds_what_counts(real_file, tmp_path):
    """Positive rows with a customer: 3591 customers, 2871 codes, 1 to 3300 units."""
    pytest.importorskip("openpyxl")
    path = real_file("online-retail-sample/Online_Retail_sample.xlsx")
    sales = retail.read_sales(path.read_bytes())
    kept, said = retail.kept_sales(sales, products_only=False, drop_repeats=True)
    data = retail.assemble(kept, said)
    assert len(sales) == 40_000
    assert "778 returns" in said
    assert "28 rows that repeat another" in said
    assert sum(one.customer is None for one in sales) == 10_057
    assert (data.X.shape, data.X.nnz) == ((3591, 2871), 27_684)
    assert (data.X.data.min(), data.X.data.max()) == (1, 3300)
    products, said = retail.kept_sales(sales, products_only=True, drop_repeats=True)
    assert "112 rows that sell no product" in said
    assert len(kept) - len(products) == 112
    assert materialise(data, tmp_path / "data")["n_empty_rows"] == 0
