"""Tables for papers: LaTeX, Markdown and CSV."""

import csv
import io
import re

import pytest

from nmflab.report.content import Cell, Column, Details, Report, Section, Table
from nmflab.report.papers import latex_tables
from nmflab.report.papers.latex import escaped
from nmflab.report.papers.names import safe_name, told_apart
from nmflab.report.papers.tables import as_csv, markdown, tables_of

HOSTILE = r"50% & $\input{x} #_~^{}<|>`" + "\n\\end{document}"


def board(rows: int = 2, columns: int = 3) -> Table:
    """Return a leaderboard of so many rows and columns."""
    titles = [
        Column("Solver"),
        *(Column(f"Measure {n}", True) for n in range(1, columns)),
    ]
    return Table(
        "board",
        "Results",
        titles,
        [
            [
                Cell(f"solver_{r}"),
                *(
                    Cell(f"{r}.5 ± 0.1", f"{r} … {r + 1}", r + 0.5)
                    for _ in range(1, columns)
                ),
            ]
            for r in range(rows)
        ],
    )


def read(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_every_special_letter_of_latex_is_escaped() -> None:
    """The ten that LaTeX keeps for itself, and those that OT1 sets as others."""
    assert escaped("#$%&_{}~^\\") == (
        r"\#\$\%\&\_\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    assert (
        escaped("a<b|c>`") == r"a\textless{}b\textbar{}c\textgreater{}\textasciigrave{}"
    )


def test_text_stays_on_one_line() -> None:
    """An empty line would end a paragraph, and with it a caption."""
    assert escaped("a\n\nb\tc") == "a b c"


def test_hyphens_are_not_joined() -> None:
    """``--`` would be set as one dash."""
    assert escaped("a--b") == "a-{}-b"


@pytest.mark.parametrize(
    ("text", "tex"),
    [("−1", "$-$1"), ("±", r"$\pm$"), ("τ", r"$\tau$"), ("é", "é")],
)
def test_signs_become_formulas(text: str, tex: str) -> None:
    """What pdfTeX has no letter for has a formula; Latin letters stay."""
    assert escaped(text) == tex


def test_a_letter_that_pdftex_lacks_is_named() -> None:
    """LuaTeX and XeTeX set it; pdfTeX, which would stop, shows its code."""
    assert escaped("語") == r"\nmflabunicode{語}{[U+8A9E]}"


def test_control_and_lone_surrogate_letters_are_named() -> None:
    """They are no text in any engine, and no file in UTF-8."""
    assert escaped("\x07\ud800") == "[U+0007][U+D800]"


def test_a_table_has_rules_caption_and_label() -> None:
    """Three rules of booktabs; numbers as printed; second lines left out."""
    tex = latex_tables.table(board(), "board", wide=False)
    assert [tex.count(f"\\{rule}rule") for rule in ("top", "mid", "bottom")] == [1] * 3
    assert r"\caption{Results.}\label{tab:board}" in tex
    assert r"solver\_1 & 1.5 $\pm$ 0.1 & 1.5 $\pm$ 0.1 \\" in tex
    assert "…" not in tex
    assert r"\ldots" not in tex


def test_powers_of_ten_are_set_as_such() -> None:
    """1.9e-04 is 1.9 times 10 to the −4; a name that looks like one is left."""
    table = Table(
        "t",
        "T",
        [Column("Name"), Column("Value", True)],
        [[Cell("hals 1e-4"), Cell("1.9e-04 ± 3e+10", sort=1.9e-4)]],
    )
    tex = latex_tables.table(table, "t", wide=True)
    assert r"hals 1e-4 & $1.9 \times 10^{-4}$ $\pm$ $3 \times 10^{10}$ \\" in tex


def test_a_table_too_wide_is_set_as_several() -> None:
    """Every column stands once, and the one that names the rows in each part."""
    tex = latex_tables.table(board(columns=20), "board", wide=False)
    parts = tex.count(r"\begin{tabular}")
    assert parts > 1
    heads = [line for line in tex.splitlines() if line.startswith("Solver")]
    assert len(heads) == parts
    found = re.findall(r"Measure (\d+)", " ".join(heads))
    assert [int(n) for n in found] == list(range(1, 20))
    assert tex.count(r"\caption") == tex.count(r"\label") == 1


def test_a_table_too_long_breaks_over_pages() -> None:
    """A longtable repeats its head on each page."""
    tex = latex_tables.table(board(rows=60), "board", wide=True)
    assert r"\begin{longtable}" in tex
    assert r"\endfirsthead" in tex
    assert tex.count(r"solver\_59") == 1


def test_reference_rows_are_set_apart() -> None:
    """A rule stands above what the others are held against."""
    table = Table(
        "t", "T", [Column("A")], [[Cell("x")], [Cell("bound")]], n_reference=1
    )
    tex = latex_tables.table(table, "t", wide=True)
    assert "x \\\\\n\\midrule\nbound" in tex


def test_numbers_of_a_csv_read_back_the_same() -> None:
    """To the last bit, beside what the report shows; no number is an empty cell."""
    third = 1 / 3
    table = Table(
        "t",
        "T",
        [Column("Solver"), Column("Error", True)],
        [
            [Cell('a,"b"'), Cell("0.3333 ± 0.01", "0.32 … 0.35", third)],
            [Cell("c"), Cell("–", sort=float("inf"))],
            [Cell("d"), Cell("1,234")],
        ],
    )
    first, second, third_row = read(as_csv(table))
    assert first["Solver"] == 'a,"b"'
    assert float(first["Error"]) == third
    assert first["Error (as shown)"] == "0.3333 ± 0.01"
    assert first["Error (detail)"] == "0.32 … 0.35"
    assert second["Error"] == ""
    assert third_row["Error"] == "1234"


def test_titles_of_a_csv_are_told_apart() -> None:
    """Two columns of one title, and one without, each have a name."""
    table = Table(
        "t",
        "T",
        [Column(""), Column("A"), Column("A")],
        [[Cell("r"), Cell("1"), Cell("2")]],
    )
    assert read(as_csv(table)) == [{"Row": "r", "A": "1", "A-2": "2"}]


def test_a_table_without_rows_is_a_head() -> None:
    """In each format."""
    empty = Table("t", "T", [Column("A", True)], [])
    assert as_csv(empty) == "A\n"
    assert r"\bottomrule" in latex_tables.table(empty, "t", wide=True)


def test_the_markdown_of_a_table_says_what_it_is_of() -> None:
    """Study and version stand below."""
    report = Report("my study", "now", "1.2.3", [], [], [])
    text = markdown(board(), report)
    assert "| solver\\_0 | 0.5 ± 0.1 (0 … 1) |" in text
    assert text.endswith("my study, nmflab 1.2.3\n")


def test_tables_folded_away_are_found() -> None:
    """In the order of the page."""
    first, second = board(), board(1)
    section = Section("s", "S", [first, Details("more", [Details("more", [second])])])
    assert tables_of(section) == [first, second]


@pytest.mark.parametrize(
    "text",
    ["../../etc/passwd", "a/b\\c", "", "con", "نص", "x" * 300, ".hidden", "\ud800"],
)
def test_names_of_files_are_safe(text: str) -> None:
    """Letters, digits, hyphens and underscores, not many, and no device."""
    name = safe_name(text)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", name)
    assert name.lower() not in ("con", "nul")


def test_names_that_lost_letters_stay_apart() -> None:
    """Two data sets in another script do not share a file."""
    assert safe_name("данные") != safe_name("чтение")


def test_names_are_told_apart_whatever_their_case() -> None:
    """Some disks take Hals and hals for one."""
    assert told_apart(["Hals", "hals", "mu"]) == ["Hals", "hals-2", "mu"]
