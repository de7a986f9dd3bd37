"""Recommendations as they are read: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

CLIPPED = "*"
"""Marks a value that was brought onto the rating scale to be shown."""

_CLIPPED_SAID = f"{CLIPPED} predicted beyond the rating scale, shown at its end."
_KNOWN_SAID = (
    "Known by: the users who have the item in the data. What few have is predicted"
    " from few."
)


def value_text(predicted: float, shown: float) -> str:
    """Return a value as it is shown, marked where it was clipped."""
    return figure(shown) + ("" if predicted == shown else CLIPPED)


def figure(value: float) -> str:
    """Return a value to two decimals; below 1, to three digits."""
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def heading_of(frame: pd.DataFrame) -> str:
    """Return which run recommends, and why that one."""
    attrs = frame.attrs
    return f"Run {str(attrs['run'])[:8]}: {attrs['title']}; {attrs['why']}."


def cells_of(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the lines of one user's items: rank, item, value, features, known by."""
    return [
        (
            str(row.rank),
            str(row.item),
            value_text(row.predicted, row.shown),
            *([figure(row.baseline)] if frame.attrs["has_baseline"] else []),
            str(row.features),
            f"{row.n_known:,}",
        )
        for row in _rows(frame)
    ]


def titles_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return what stands above the columns of `cells_of`."""
    base = ("Baseline",) if frame.attrs["has_baseline"] else ()
    return ("", "Item", "Predicted", *base, "Carried by", "Known by")


def told_of(frame: pd.DataFrame) -> list[str]:
    """Return what a reader must know below the table, in sentences."""
    attrs = frame.attrs
    said = [
        f"Feature {number}: {words or 'no item'}"
        for number, words in attrs["features"].items()
    ]
    if attrs["has_baseline"]:
        said.append(
            "Baseline: what the offsets of user and item give; shares of features are"
            " of the rest."
        )
    if (frame["predicted"] != frame["shown"]).any():
        said.append(_CLIPPED_SAID)
    return [*said, _KNOWN_SAID, *_hardly_known(frame), *attrs["notes"]]


def _hardly_known(frame: pd.DataFrame) -> list[str]:
    """Return how many of the items have fewer ratings than unknowns, if any has."""
    size = frame.attrs["n_components"]
    few = int((frame["n_known"] < size).sum())
    if not few:
        return []
    return [
        f"{few:,} of these {len(frame):,} are known by fewer users than the run has"
        f" components, {size}: the data hardly determine them."
        f" min_known={max(10, size)} leaves such items out."
    ]


def by_user(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each user, a sentence of what was left out, and the user's rows."""
    for user, n in frame.attrs["n_left_out"].items():
        rows = frame[frame["user"] == user]
        rows.attrs = frame.attrs
        left_out = f"{n:,} known already and left out"
        if rows.empty:
            left_out += "; nothing else is there to recommend"
        yield _user_text(user), left_out, rows


def _user_text(user: str) -> str:
    """Return ``User 12`` of a bare number, other names as they are."""
    return f"User {user}" if user.isdecimal() else user[:1].upper() + user[1:]


def plain_text(frame: pd.DataFrame) -> str:
    """Return the recommendations as lines of text."""
    lines = [heading_of(frame)]
    for user, left_out, rows in by_user(frame):
        lines += ["", f"{user} ({left_out})"]
        lines += _aligned([titles_of(frame), *cells_of(rows)] if len(rows) else [])
    return "\n".join([*lines, "", *told_of(frame)])


def _aligned(table: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for cells in table:
        parts = [
            cell.ljust(width) if _is_words(at, len(cells)) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append("  " + "  ".join(parts).rstrip())
    return lines


def _is_words(at: int, n_columns: int) -> bool:
    """Return whether a column holds words: the item, and the features."""
    return at in (1, n_columns - 2)


def rich_text(frame: pd.DataFrame) -> list[RenderableType]:
    """Return the recommendations for a terminal; names are never read as markup."""
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text(heading_of(frame))]
    for user, left_out, rows in by_user(frame):
        title = Text.assemble((user, "bold"), f"  {left_out}")
        if rows.empty:
            parts.append(title)
            continue
        table = Table(title=title, title_justify="left", title_style="")
        titles = titles_of(frame)
        for at, name in enumerate(titles):
            words = _is_words(at, len(titles))
            table.add_column(name, justify="left" if words else "right")
        for cells in cells_of(rows):
            table.add_row(*map(Text, cells))
        parts += [Text(""), table]
    return [*parts, Text("\n".join(["", *told_of(frame)]))]


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples, whose fields are the columns."""
    yield from frame.itertuples(index=False)
