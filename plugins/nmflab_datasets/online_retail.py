"""Online Retail: what the customers of a shop for gifts bought in a year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._online_retail_reading import assemble, kept_sales, read_sales
from nmflab_datasets.choices import settle
from nmflab_datasets.views import CountView, check_min_counts, viewed

NMFLAB_CONTRACT = 1

PAGE = "https://archive.ics.uci.edu/dataset/352/online+retail"
CITATION = """\
@article{chen2012online,
  author = {Chen, Daqing and Sain, Sai Laing and Guo, Kun},
  title = {Data mining for the online retail industry: A case study of {RFM} model-based
           customer segmentation using data mining},
  journal = {Journal of Database Marketing \\& Customer Strategy Management},
  volume = {19},
  number = {3},
  pages = {197--208},
  year = {2012},
  doi = {10.1057/dbm.2012.17}
}
@misc{chen2015online,
  author = {Chen, Daqing},
  title = {Online Retail},
  howpublished = {UCI Machine Learning Repository},
  year = {2015},
  doi = {10.24432/C5BW33}
}"""
LICENCE = (
    "CC BY 4.0 (UCI Machine Learning Repository, data set 352): use and pass on, with"
    " credit to the authors."
)

ORIGIN_FULL = Origin(
    page=PAGE,
    files=(
        DataFile(
            name="online+retail.zip",
            mirror="online-retail/online+retail.zip",
            size=23_715_478,
            url="https://archive.ics.uci.edu/static/public/352/online+retail.zip",
            sha256="f5385cbb54bbebf7196389109c6b0621faab0c304e3702548165e71c84aede8b",
            members={
                "Online Retail.xlsx": (
                    "43465a06f2ccf7c8b5bd2892bc7defb52f97487934fe93b16ae4c3936424676d"
                )
            },
        ),
    ),
    licence=LICENCE,
    redistributable=True,
    citation=CITATION,
)

ORIGIN_SAMPLE = Origin(
    page=PAGE,
    files=(
        DataFile(
            name="Online_Retail_sample.xlsx",
            mirror="online-retail-sample/Online_Retail_sample.xlsx",
            size=2_519_216,
            sha256="15bc6da6f18695caadc82662aec27457b94a7c52d43c7ab661cafad7b9c1c441",
        ),
    ),
    licence=LICENCE,
    redistributable=True,
    citation=CITATION,
)


class Version(Enum):
    """Every row as published, or 40,000 of them."""

    full = "full"
    sample = "sample"


class Samples(Enum):
    """Which side the rows of X are."""

    customers = "customers"
    products = "products"


class Codes(Enum):
    """Which stock codes count: those of products, or also postage and fees."""

    products = "products"
    all = "all"


class Repeats(Enum):
    """What becomes of rows that are equal in every column."""

    drop = "drop"
    keep = "keep"


@dataclass(frozen=True, kw_only=True)
class OnlineRetail:
    """Online Retail: units of each product bought by each customer, in one year.

    A British shop for gifts without premises, December 2010 to December 2011; many of
    its customers are wholesalers. 541,909 rows, of which some 390,000 count.

    Parameters
    ----------
    version : {full, sample}, default full
        ``full``: as published. ``sample``: 40,000 rows of it drawn at random, which is
        not published and only taken from the folder that ``NMFLAB_DATA`` names.
    view : {implicit, binary}, default implicit
        Units bought in all, or whether any were. Other cells are 0.
    samples : {customers, products}, default customers
        What the rows of X are.
    codes : {products, all}, default products
        ``products``: codes of 5 digits, with letters behind or without. Leaves out
        postage (POST, DOT, C2), manual entries (M), discounts (D), samples (S), bank
        and marketplace fees, vouchers (gift_0001_20) and the few products with other
        codes (DCGS0070, PADS). ``all`` keeps these as columns.
    repeats : {drop, keep}, default drop
        What becomes of rows that are equal to an earlier one in every column.
    min_row_count, min_column_count : int, default 0
        Drop rows and columns of X with fewer stored cells, until both hold.

    Notes
    -----
    Left out are returns (quantities below 1), whose purchases often lie before the
    first day, and rows without a customer. How many of each is in the extra
    ``preparation``. Codes differ in capitals only where the same product is meant.
    Quantities have a heavy tail: ``weighting=log1p``, or the loss
    ``kullback_leibler``.

    Names are the descriptions used most often for a product, followed by its code
    where two share one; ``row_metadata`` is the customer's country, ``timestamps`` the
    last purchase of a product by a customer, its wall clock read as UTC.

    Needs openpyxl: ``pip install 'nmflab[data]'``. Reading the full workbook takes
    about a minute, once. Tested on the sample; the full archive is checked by SHA-256,
    as is the workbook in it.

    References
    ----------
    D. Chen, S. L. Sain, K. Guo, "Data mining for the online retail industry: A case
    study of RFM model-based customer segmentation using data mining", Journal of
    Database Marketing & Customer Strategy Management 19(3), 2012.
    """

    version: Version = Version.full
    view: CountView = CountView.implicit
    samples: Samples = Samples.customers
    codes: Codes = Codes.products
    repeats: Repeats = Repeats.drop
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        settle(self, "version", Version)
        settle(self, "view", CountView)
        settle(self, "samples", Samples)
        settle(self, "codes", Codes)
        settle(self, "repeats", Repeats)
        check_min_counts(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return what was bought.

        Raises
        ------
        ValueError
            If openpyxl is absent, or the sheet is another.
        """
        origin = origin_of(self)
        path = fetch(origin.files[0], origin)
        sales, preparation = kept_sales(
            read_sales(member(path, "Online Retail.xlsx")),
            products_only=self.codes is Codes.products,
            drop_repeats=self.repeats is Repeats.drop,
        )
        return viewed(
            assemble(sales, preparation),
            binary=self.view is CountView.binary,
            transpose=self.samples is Samples.products,
            min_row_count=self.min_row_count,
            min_column_count=self.min_column_count,
        )


def origin_of(dataset: OnlineRetail) -> Origin:
    """Return where the asked version comes from."""
    return ORIGIN_FULL if dataset.version is Version.full else ORIGIN_SAMPLE


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the purchases."""
    yield DatasetSpec(
        name="online_retail",
        dataset=OnlineRetail,
        origin=origin_of,
    )
