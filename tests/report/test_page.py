"""The report's files, built from a store and parsed as a browser would."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nmflab.report
from nmflab.contracts import Dataset, ReportSection
from nmflab.store import Store

SECTIONS = [
    "summary",
    "asked",
    "results",
    "comparisons",
    "convergence",
    "targets",
    "profiles",
    "error",
    "trade-off",
    "factors",
    "stability",
    "aligned",
    "warnings",
    "failures",
    "skipped",
    "runs",
    "provenance",
    "cite",
]


class Page(HTMLParser):
    """Collects what tests ask about: ids, addresses, text, headings, styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.headings: list[tuple[str, str]] = []
        self.text = ""
        self.inside: list[str] = []
        self.style = ""
        self.labelled: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags[tag] += 1
        if tag not in ("meta", "link", "br"):
            self.inside.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "action", "data"):
                self.links.append(value or "")
            if name == "aria-labelledby":
                self.labelled.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep what is read, and apart from it what is style."""
        where = self.inside[-1] if self.inside else ""
        if where == "style":
            self.style += data
        elif where != "script":
            self.text += data
            if where in ("h1", "h2", "h3"):
                self.headings.append((where, data))


def build(folder: Path, *sections: ReportSection, **how: Any) -> Path:
    """Build a study's report."""
    with Store.open(folder) as store:
        return nmflab.report.build(store, list(sections), **how)


@pytest.fixture(scope="module")
def html(full_report: Path) -> str:
    """Return the page of the full study."""
    return full_report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    """Return the page, parsed."""
    return Page(html)


def test_every_section_is_there_in_order(page: Page) -> None:
    """The sections stand in the order a reader asks for them."""
    at = [page.ids.index(name) for name in SECTIONS]
    assert at == sorted(at)


def test_ids_are_unique_and_all_references_lead_somewhere(page: Page) -> None:
    """No id stands twice; each fragment and each label exists."""
    assert [name for name, n in Counter(page.ids).items() if n > 1] == []
    fragments = {link[1:] for link in page.links if link.startswith("#")}
    assert fragments | set(page.labelled) <= set(page.ids)


def test_nothing_is_fetched_from_anywhere(page: Page, html: str) -> None:
    """Addresses are fragments or inline, styles import nothing, a policy forbids it."""
    assert [link for link in page.links if not link.startswith(("#", "data:"))] == []
    assert "@import" not in page.style
    assert "url(" not in page.style
    assert "default-src 'none'" in html


def test_headings_do_not_skip_a_level(page: Page) -> None:
    """One h1, then h2, and h3 only below an h2."""
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_no_reader_sees_nan(page: Page, full_report: Path) -> None:
    """Missing numbers are dashes, on the page and in Markdown."""
    markdown = full_report.with_name("report.md").read_text(encoding="utf-8")
    for text in (page.text, markdown):
        assert re.search(r"\b(nan|NaN|None|inf)\b", text) is None


def test_each_chart_is_there_twice_over(
    page: Page, html: str, full_report: Path
) -> None:
    """As an SVG and as data for the script; and once more as a file."""
    figures = [name for name in page.ids if f'id="{name}-spec"' in html]
    assert {"error-by-size", "convergence-steps", "error-by-sparseness"} <= set(figures)
    assert len(figures) == len(set(figures)) <= page.tags["svg"]
    files = {path.stem for path in (full_report.parent / "figures").glob("*.svg")}
    assert set(figures) <= files <= set(page.ids)


def test_only_the_page_speaks_of_clicks(page: Page, full_report: Path) -> None:
    """A drawing in Markdown has no legend to click on."""
    assert "Click a solver in the legend" in page.text
    markdown = full_report.with_name("report.md").read_text(encoding="utf-8")
    assert "Click" not in markdown


def test_the_data_of_charts_are_json(html: str) -> None:
    """Each specification parses once it is unpacked."""
    specs = re.findall(
        r'<script type="text/plain" id="[^"]+-spec">(.*?)</script>', html
    )
    assert specs
    for packed in specs:
        spec = json.loads(zlib.decompress(base64.b64decode(packed)))
        assert spec["$schema"].startswith("https://vega.github.io/")


def test_tables_have_captions_and_scopes(page: Page) -> None:
    """Every table says what it is, and its headings what they head."""
    assert page.tags["caption"] == page.tags["table"] > 5
    scopes = [value for name, value in page.attributes if name == "scope"]
    assert len(scopes) == page.tags["th"]
    assert set(scopes) == {"col", "row"}


def test_failures_are_told_by_reason(page: Page, html: str) -> None:
    """Four errors that differ by a number are one line with an example."""
    start = html.index('<table id="failures-table"')
    told = Page(html[start : html.index("</table>", start)]).text
    assert "solver broken raised at step 0" in told
    assert "solver broken raised at step 1" not in told
    assert "Traceback: <b>boom</b>" in page.text


def test_own_objectives_stand_in_a_table_of_their_own(page: Page) -> None:
    """They are shown, marked, and not ranked."""
    assert "own-results-table" in page.ids
    assert "Runs that minimise their own objective" in page.text


def test_provenance_says_how_to_run_it_again(page: Page) -> None:
    """Command, commit, versions and plugin failures are on the page."""
    for text in (
        "nmflab dataset=ratings,purchases solver=mu,hals 'seed=range(3)'",
        "commit 0123abcd with uncommitted changes",
        "2.0.0",
        "nmf-bad",
        "CC0",
    ):
        assert text in page.text


def test_every_planned_run_is_in_the_csv(full_report: Path) -> None:
    """One line a planned run, with its metrics."""
    runs = pd.read_csv(full_report.with_name("runs.csv"))
    assert len(runs) == runs["key"].nunique() == 52
    assert runs.loc[runs["status"] == "ok", "relative_error"].notna().all()


def test_environment_can_be_installed(full_report: Path) -> None:
    """Requirements as pip takes them; the rest are comments."""
    lines = full_report.with_name("environment.txt").read_text().splitlines()
    assert "numpy==2.0.0" in lines
    assert all(line.startswith("#") or "==" in line for line in lines)


def test_a_report_can_be_built_again_in_place(study: Any) -> None:
    """Figures that are no longer part of the report go."""
    study.run({"objective_value": 1.0})
    study.close()
    old = study.folder / "report" / "figures" / "old.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>")
    build(study.folder)
    assert not old.exists()


NASTY = "<script>alert('x')</script>\"&'`|</title> \u202eevil\u202c 🎬"


def test_names_cannot_inject_markup(study: Any) -> None:
    """Dataset, solver, init, case, column names and messages are text, nothing else."""
    X = study.RATINGS
    names = [f"{NASTY}{j}" for j in range(4)]
    dataset = Dataset(X=X, column_names=names, extras={"licence": NASTY})
    fingerprint = study.dataset(NASTY, dataset)
    for k, case in ((2, ""), (3, NASTY)):
        labels = {"dataset": NASTY, "solver": NASTY, "init": NASTY, "case": case}
        study.fitted(X, fingerprint=fingerprint, k=k, seed=0, **labels)
    study.run({"status": "error", "reason": NASTY, "traceback": NASTY}, solver=NASTY)
    study.run({"status": "skipped", "reason": NASTY}, solver=NASTY, seed=1)
    study.close(command=[f"solver={NASTY}"], notes=[NASTY], metric_info={NASTY: {}})
    html = build(study.folder).read_text(encoding="utf-8")
    assert "<script>alert" not in html
    found = Page(html)
    assert "</title> " in found.text
    assert not any(name.startswith("on") for name, _ in found.attributes)
    markdown = (study.folder / "report" / "report.md").read_text(encoding="utf-8")
    fenced = re.sub(r"^(`{3,})\n.*?\n\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in fenced


def test_a_folder_that_cannot_be_written_is_told(study: Any) -> None:
    """The error names the folder, why, and what to do."""
    study.run({"objective_value": 1.0})
    study.close()
    (study.folder / "report").write_text("in the way")
    with pytest.raises(
        OSError, match=r"cannot write the report to .*: .*nmflab report"
    ):
        build(study.folder)


def section(name: str, render: Any) -> ReportSection:
    """Return a plugin's section."""
    return ReportSection(name=name, title=f"Title of {name}", render=render)


def test_plugins_add_sections_after_the_results(study: Any) -> None:
    """Their HTML is put in as it is, below its title; an empty one is left out."""
    seen: list[Any] = []

    def mine(store: Any) -> str:
        seen.append(store)
        return "<p id='mine'>from a plugin</p>"

    study.close()
    path = build(study.folder, section("extra", mine), section("none", lambda _: ""))
    page = Page(path.read_text(encoding="utf-8"))
    assert (
        page.ids.index("stability")
        < page.ids.index("plugin-extra")
        < page.ids.index("warnings")
    )
    assert "mine" in page.ids
    assert "plugin-none" not in page.ids
    assert isinstance(seen[0], Store)


def test_a_plugins_section_that_raises_spoils_nothing_else(study: Any) -> None:
    """Its error stands in its place; the others are there."""

    def broken(_: Any) -> str:
        raise ValueError("no <b>luck</b>")

    def wrong(_: Any) -> Any:
        return 3

    study.close()
    sections = [section("bad", broken), section("bad", wrong)]
    page = Page(build(study.folder, *sections).read_text(encoding="utf-8"))
    rest = {"summary", "asked", "results", "warnings", "runs", "provenance"}
    assert {"plugin-bad", "plugin-bad-2", *rest} <= set(page.ids)
    assert "ValueError: no <b>luck</b>" in page.text
    assert "render returned int, not str" in page.text
