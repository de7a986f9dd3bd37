"""Rows of Online Retail: which of them count, and what they add up to."""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from nmflab.contracts import Dataset
from nmflab_datasets.views import csr_from_triplets, unique_names

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

_PRODUCT = re.compile(r"\d{5}[A-Z]*")


@dataclass(frozen=True)
class Sale:
    """One row of the sheet: units of a product on an invoice.

    `customer` is None where the sheet leaves it blank; `quantity` is negative for
    returns; the code of a product is in capitals, as 85123a is 85123A.
    """

    invoice: str
    code: str
    description: str
    quantity: int
    time: datetime
    price: float
    customer: int | None
    country: str


def read_sales(workbook: bytes) -> list[Sale]:
    """Return the rows of the workbook's first sheet.

    Raises
    ------
    ValueError
        If openpyxl is absent, saying how to install it, or the sheet has other columns.
    """
    try:
        import openpyxl
    except ImportError:
        raise ValueError(
            "dataset online_retail is an .xlsx, which openpyxl reads, and that is not"
            " installed: pip install 'nmflab[data]'"
        ) from None
    book: Any = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = tuple(next(rows, ()))
        if header[: len(HEADER)] != HEADER:
            raise ValueError(
                f"dataset online_retail: the first row of the sheet holds"
                f" {', '.join(map(str, header)) or 'nothing'} in place of"
                f" {', '.join(HEADER)}; fetch the file again"
            )
        return [_sale(row) for row in rows if row[0] is not None]
    finally:
        book.close()


def kept_sales(
    sales: Sequence[Sale], *, products_only: bool, drop_repeats: bool
) -> tuple[list[Sale], str]:
    """Return the sales that count, in order of time, and what was left out, in words.

    A row is left out for the first reason that fits, and counted there.
    """
    rules: dict[str, Callable[[Sale], bool]] = {
        "returns (quantities below 1)": lambda sale: sale.quantity < 1,
        "rows without a customer": lambda sale: sale.customer is None,
    }
    if products_only:
        rules["rows that sell no product (codes other than 5 digits and letters)"] = (
            lambda sale: _PRODUCT.fullmatch(sale.code) is None
        )
    if drop_repeats:
        rules["rows that repeat another in full"] = _repeats()
    kept: list[Sale] = []
    n_left_out = dict.fromkeys(rules, 0)
    for sale in sales:
        reason = next((why for why, applies in rules.items() if applies(sale)), None)
        if reason is None:
            kept.append(sale)
        else:
            n_left_out[reason] += 1
    parts = ", ".join(f"{count:,} {why}" for why, count in n_left_out.items())
    kept.sort(key=lambda sale: sale.time)
    return kept, f"of {len(sales):,} rows left out {parts}; {len(kept):,} count"


def assemble(sales: list[Sale], preparation: str) -> Dataset:
    """Return customers by products: units bought, and when last.

    Parameters
    ----------
    sales : list of Sale
        In order of time, each with a customer.
    """
    customers = sorted({sale.customer for sale in sales if sale.customer is not None})
    codes = sorted({sale.code for sale in sales})
    row_of = {customer: at for at, customer in enumerate(customers)}
    column_of = {code: at for at, code in enumerate(codes)}
    X, cells = csr_from_triplets(
        [row_of[sale.customer] for sale in sales if sale.customer is not None],
        [column_of[sale.code] for sale in sales],
        [sale.quantity for sale in sales],
        (len(customers), len(codes)),
        duplicates="sum",
        timestamps=np.array([_seconds(sale.time) for sale in sales], dtype=np.int64),
    )
    countries = {sale.customer: sale.country for sale in sales}  # the last one stays
    names = _names(sales)
    return Dataset(
        X=X,
        row_names=[f"customer {customer}" for customer in customers],
        column_names=unique_names([names[code] for code in codes], codes),
        extras={
            **cells,
            "row_metadata": [countries[customer] for customer in customers],
            "preparation": preparation,
        },
    )


def _repeats() -> Callable[[Sale], bool]:
    """Return what tells whether a sale equals one it was asked about before."""
    seen: set[Sale] = set()

    def applies(sale: Sale) -> bool:
        is_known = sale in seen
        seen.add(sale)
        return is_known

    return applies


def _sale(row: tuple[Any, ...]) -> Sale:
    invoice, code, description, quantity, time, price, customer, country = row[:8]
    return Sale(
        invoice=str(invoice),
        code=str(code).strip().upper(),  # a number where it has digits only
        description=" ".join(str(description or "").split()),
        quantity=int(quantity),
        time=time,
        price=float(price),
        customer=None if customer is None else int(customer),
        country=str(country),
    )


def _seconds(time: datetime) -> int:
    return int(time.replace(tzinfo=UTC).timestamp())


def _names(sales: Iterable[Sale]) -> Mapping[str, str]:
    """Return what each product is called most often; the first by letter of equals."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for sale in sales:
        said[sale.code][sale.description] += 1
    return {
        code: min(counts, key=lambda name: (-counts[name], name)) or code
        for code, counts in said.items()
    }
