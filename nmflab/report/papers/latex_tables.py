"""Tables as LaTeX in the style of booktabs, whatever a name holds.

Each file names the packages it needs in its first line.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from nmflab.report.content import Cell, Table
from nmflab.report.papers.latex import UNICODE, escaped

MOST_ROWS = 40
"""Rows of a table that fits a page; longer ones break over pages."""

LONG_TEXT = 30
"""Characters beyond which a column of text is set in lines."""


def table(block: Table, label: str, *, wide: bool) -> str:
    """Return a table in the style of booktabs, with its caption and label.

    What is wider than the text is set as several tables below one another, each with
    the columns that name the rows. Second lines of cells of numbers (ranges, mostly)
    are left to the Markdown and the CSV.

    Parameters
    ----------
    block : Table
    label : str
        What stands after ``tab:``.
    wide : bool
        Whether it takes the width of a page of two columns.
    """
    caption = f"{escaped(block.caption.rstrip('.'))}.{_note(block)}"
    said = f"\\caption{{{caption}}}\\label{{tab:{label}}}"
    parts = _parts(block, _WIDE if wide else _NARROW)
    if len(block.rows) > MOST_ROWS:
        return _long(block, parts, said)
    return _short(block, parts, said, "table*" if wide else "table")


_WIDE, _NARROW = 100, 48
"""Characters in ``\\small`` on a line of a page, and of a column."""


def _parts(block: Table, most: int) -> list[list[int]]:
    """Return the columns of each table that a table is set as."""
    said = [
        at
        for at, column in enumerate(block.columns)
        if column.title or any(row[at].text for row in block.rows)
    ]
    heads = [at for at in said if at < block.n_headers]
    parts: list[list[int]] = [[]]
    left = room = max(most // 3, most - sum(_letters(block, at) for at in heads))
    for at in said:
        if at in heads:
            continue
        needed = _letters(block, at)
        if needed > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(at)
        left -= needed
    return [[*heads, *part] for part in parts]


def _letters(block: Table, at: int) -> int:
    """Return how many characters wide a column is, with the space beside it."""
    longest = max((len(row[at].text) for row in block.rows), default=0)
    if longest > LONG_TEXT:
        longest = round(_share(longest) * _WIDE)
    return 2 + max([longest, *map(len, _heading_lines(block, at))])


def _share(longest: int) -> float:
    """Return the share of a line that a column of long text takes."""
    return 0.42 if longest > 3 * LONG_TEXT else 0.27


def _short(
    block: Table, parts: Sequence[Sequence[int]], said: str, environment: str
) -> str:
    lines = [
        "% needs \\usepackage{booktabs,array,graphicx}",
        UNICODE,
        f"\\begin{{{environment}}}",
        r"\centering\small",
        said,
    ]
    for nth, columns in enumerate(parts):
        lines += [
            *([r"\\[1.5ex]"] if nth else []),
            # Names of any length: a part no wider than the text, if need be smaller.
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            f"\\begin{{tabular}}{{@{{}}{_kinds(block, columns)}@{{}}}}",
            r"\toprule",
            _head(block, columns),
            r"\midrule",
            *_body(block, columns),
            r"\bottomrule",
            r"\end{tabular}}",
        ]
    return "\n".join([*lines, f"\\end{{{environment}}}"]) + "\n"


def _long(block: Table, parts: Sequence[Sequence[int]], said: str) -> str:
    lines = [
        "% needs \\usepackage{booktabs,array,longtable}, and one column of text",
        UNICODE,
        r"{\small",
    ]
    for nth, columns in enumerate(parts):
        head = [r"\toprule", _head(block, columns), r"\midrule"]
        lines += [
            f"\\begin{{longtable}}{{@{{}}{_kinds(block, columns)}@{{}}}}",
            *([said + r" \\"] if nth == 0 else []),
            *head,
            r"\endfirsthead",
            *head,
            r"\endhead",
            r"\bottomrule",
            r"\endfoot",
            *_body(block, columns),
            r"\end{longtable}",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def _head(block: Table, columns: Sequence[int]) -> str:
    cells = []
    for at in columns:
        lines = [escaped(line) for line in _heading_lines(block, at)]
        side = "r" if _kind(block, at) == "r" else "l"
        several = f"\\shortstack[{side}]{{{_BREAK.join(lines)}}}"
        cells.append(several if len(lines) > 1 else "".join(lines))
    return _line(cells)


_BREAK = r" \\ "


def _heading_lines(block: Table, at: int) -> list[str]:
    """Return a title on lines about as long as what stands below it."""
    longest = max((len(row[at].text) for row in block.rows), default=0)
    return textwrap.wrap(block.columns[at].title, max(12, min(longest, LONG_TEXT)))


def _kinds(block: Table, columns: Sequence[int]) -> str:
    return "".join(_kind(block, at) for at in columns)


def _kind(block: Table, at: int) -> str:
    """Return how a column is set: to the right, to the left, or in lines."""
    longest = max((len(row[at].text) for row in block.rows), default=0)
    if longest <= LONG_TEXT:
        return "r" if block.columns[at].numeric else "l"
    return f">{{\\raggedright\\arraybackslash}}p{{{_share(longest)}\\linewidth}}"


def _body(block: Table, columns: Sequence[int]) -> list[str]:
    rows = [_row(block, row, columns) for row in block.rows]
    cut = len(rows) - block.n_reference
    apart = 0 < block.n_reference < len(rows)
    return [*rows[:cut], *([r"\midrule"] if apart else []), *rows[cut:]]


def _row(block: Table, row: Sequence[Cell], columns: Sequence[int]) -> str:
    texts = [_cell(row[at], numeric=block.columns[at].numeric) for at in columns]
    return _line(texts)


def _line(texts: Sequence[str]) -> str:
    # A bracket or a star would be read as an option of the rule or the line before.
    return "{}" * texts[0].startswith(("[", "*")) + " & ".join(texts) + r" \\"


_POWER = re.compile(r"(?<![\w.])(\d[\d.]*)e([-+]?)0*(\d+)(?!\w)")


def _cell(cell: Cell, *, numeric: bool) -> str:
    if not numeric:
        detail = f" ({escaped(cell.detail)})" if cell.detail else ""
        return escaped(cell.text) + detail
    return _POWER.sub(_power, escaped(cell.text))


def _power(found: re.Match[str]) -> str:
    sign = "-" if found[2] == "-" else ""
    return f"${found[1]} \\times 10^{{{sign}{found[3]}}}$"


def _note(block: Table) -> str:
    return f" {escaped(block.note)}" if block.note else ""
