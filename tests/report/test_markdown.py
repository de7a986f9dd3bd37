"""The report as Markdown."""

from nmflab.report.content import (
    Bullets,
    Cell,
    Code,
    Column,
    Details,
    Figure,
    Prose,
    Report,
    Section,
    Sentence,
    Status,
    Table,
)
from nmflab.report.formats.markdown import MOST_ROWS, escaped, markdown

TABLE = Table(
    "t",
    "Caption",
    [Column("Name"), Column("Value", numeric=True)],
    [[Cell("a|b"), Cell("1", "no spread")]],
    note="a note",
)


def test_every_kind_of_block_is_written() -> None:
    """Sentences, lists, code, tables, figures and folded parts."""
    blocks = [
        Prose("a sentence", "danger"),
        Bullets(["one"]),
        Code("run ```this```"),
        TABLE,
        Figure("fig", "Title", "How to read it.", {}),
        Details("more", [Prose("within")]),
    ]
    report = Report("s", "now", "1", [Status("ok", 2)], [], [Section("a", "A", blocks)])
    text = markdown(report)
    for part in (
        "# s\n",
        "2 ok",
        "**Warning:** a sentence",
        "- one",
        "````\nrun ```this```\n````",
        "| a\\|b | 1 (no spread) |",
        "| --- | ---: |",
        "a note",
        "![Title](figures/fig.svg)",
        "<details><summary>more</summary>\n\nwithin\n\n</details>",
    ):
        assert part in text


def test_the_summary_stands_under_its_questions() -> None:
    """Each heading once, each sentence with the title of what it leads to."""
    headline = [
        Sentence("First.", "a", "What to use"),
        Sentence("Second.", "gone", "What to use"),
        Sentence("Third.", "", "How sure that is"),
    ]
    text = markdown(Report("s", "now", "1", [], headline, [Section("a", "A", [])]))
    assert (
        "## Summary\n\n### What to use\n\nFirst. *(A)*\n\nSecond.\n\n"
        "### How sure that is\n\nThird.\n" in text
    )


def test_text_is_shown_as_it_is() -> None:
    """Markup of either language loses its meaning, line breaks their force."""
    assert escaped("a_b <i>*c*</i>\n# d") == "a\\_b &lt;i&gt;\\*c\\*&lt;/i&gt; \\# d"


def test_a_long_table_is_cut_and_says_so() -> None:
    """A page of Markdown of ten thousand rows is read by nobody."""
    rows = [[Cell(f"row {i}")] for i in range(MOST_ROWS + 3)]
    table = Table("long", "Long", [Column("Run")], rows, "A note.")
    section = Section("a", "A", [table])
    text = markdown(Report("s", "now", "1", [], [], [section]))
    assert text.count("| row ") == MOST_ROWS
    assert "3 more rows on the page, and in runs.csv. A note." in text
