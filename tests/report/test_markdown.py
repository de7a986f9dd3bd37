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
    Status,
    Table,
)
from nmflab.report.formats.markdown import escaped, markdown

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
    report = Report(
        "s", "now", "1", [Status("ok", 2)], ["First."], [Section("a", "A", blocks)]
    )
    text = markdown(report)
    for part in (
        "# s\n",
        "2 ok",
        "## Summary\n\nFirst.",
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


def test_text_is_shown_as_it_is() -> None:
    """Markup of either language loses its meaning, line breaks their force."""
    assert escaped("a_b <i>*c*</i>\n# d") == "a\\_b &lt;i&gt;\\*c\\*&lt;/i&gt; \\# d"
