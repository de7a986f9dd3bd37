"""What a reader does on the page: filters, searches, sorts, follows a count, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from nmflab.report.content import (
    Cell,
    Column,
    Details,
    Figure,
    Filter,
    Prose,
    Report,
    Section,
    Sentence,
    Status,
    Table,
)
from nmflab.report.formats.figures import render_svg
from nmflab.report.formats.page import page
from tests.report.visiting import Visit

pytestmark = pytest.mark.browser

DATA, SOLVERS, SEEDS = ("ratings", "mail & news"), ("mu", "hals", "cd"), range(100)
KEYS = list(product(DATA, SOLVERS, SEEDS))


def few() -> Table:
    """Return a table of six rows that its columns say all of, and of one without."""
    rows = [
        [Cell(data), Cell(solver), Cell(str(at), sort=-at)]
        for at, (data, solver) in enumerate(product(DATA, SOLVERS))
    ]
    columns = [Column("Dataset"), Column("Solver"), Column("Value", True)]
    other = [Cell("no data set"), Cell("no solver"), Cell("–", sort=float("inf"))]
    return Table("few", "A few rows", columns, [*rows, other], n_headers=2)


def many() -> Table:
    """Return a table of 600 runs, too long to be written as HTML."""
    return Table(
        "runs-table",
        "Every planned run",
        [Column("Run"), Column("Status"), Column("Seed", True), Column("Note")],
        [
            [
                Cell(f"run{at:03}"),
                Cell(
                    "error" if seed == 7 else "ok", tone="danger" if seed == 7 else ""
                ),
                Cell(str(seed)),
                Cell("even" if at % 2 == 0 else "odd", "of all"),
            ]
            for at, (_, _, seed) in enumerate(KEYS)
        ],
        about=[
            {"dataset": d, "solver": s, "status": "error" if seed == 7 else "ok"}
            for d, s, seed in KEYS
        ],
    )


def chart() -> Figure:
    """Return a chart of one point a data set and solver, but for solver cd."""
    colour = {"field": "variant", "title": "Solver", "type": "nominal"}
    colours = ["#0072b2", "#e69f00"]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"name": "rows"},
        "mark": "point",
        "encoding": {
            "x": {"field": "panel", "type": "nominal"},
            "y": {"field": "value", "type": "quantitative"},
            "color": {**colour, "scale": {"domain": ["mu", "hals"], "range": colours}},
        },
        "datasets": {
            "rows": [
                {"panel": f"{d} · frobenius", "variant": s, "value": at}
                for at, (d, s) in enumerate(product(DATA, SOLVERS[:2]))
            ]
        },
    }
    return Figure("points", "Points", "One a data set and solver.", spec)


def report(*figures: Figure) -> Report:
    """Return a report with all that filters act on."""
    return Report(
        study="study",
        created="today",
        version="1",
        statuses=[Status("planned", 600, "many"), Status("error", 6, "many")],
        headline=[Sentence("All is well.")],
        sections=[
            Section("some", "Some", [few(), Prose("A sentence on mu.")]),
            Section("drawn", "Drawn", figures),
            Section("many", "Many", [Details("600 runs", [many()])]),
        ],
        filters=[
            Filter("dataset", "Dataset", DATA, ("Dataset",), "dataset"),
            Filter("solver", "Solver", SOLVERS, ("Solver",), "variant"),
            Filter("status", "Status", ("ok", "error"), ("Status",)),
        ],
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the page of that report, without charts."""
    path = tmp_path_factory.mktemp("filters") / "index.html"
    path.write_text(page(report(), {}), encoding="utf-8")
    return Path(path).as_uri()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the page with its chart."""
    path = tmp_path_factory.mktemp("drawn") / "index.html"
    html = page(report(chart()), {"points": render_svg(chart())})
    path.write_text(html, encoding="utf-8")
    return Path(path).as_uri()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    """Return a fresh visit, which must end without a complaint."""
    with Visit(browser, address, 1200) as visit:
        yield visit
        assert visit.said == []


def choose(visit: Visit, title: str, *labels: str) -> None:
    """Check labels in a filter's menu, and close it."""
    menu = f".filters details:has(legend:text-is('{title}'))"
    visit.page.click(f"{menu} summary")
    for label in labels:
        visit.page.check(f"{menu} label:has(bdi:text-is('{label}')) input")
    visit.page.keyboard.press("Escape")


def told(visit: Visit) -> str:
    """Return what the filters announce."""
    text: str = visit.page.inner_text(".filters [role=status]")
    return text


def names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the first cell of each row."""
    return [row[0] for row in rows]


def test_a_filter_narrows_tables_to_its_rows_and_those_of_no_value(
    visit: Visit,
) -> None:
    """Rows of other solvers go; a row that is about none stays."""
    choose(visit, "Solver", "hals", "cd")
    assert [row[1] for row in visit.shown("few")] == ["hals", "cd"] * 2 + ["no solver"]


def test_filters_on_two_axes_both_hold(visit: Visit) -> None:
    """A row must be of a chosen value on each axis."""
    choose(visit, "Solver", "hals")
    choose(visit, "Dataset", "ratings")
    assert [row[:2] for row in visit.shown("few")][:-1] == [["ratings", "hals"]]


def test_the_runs_that_are_left_are_announced(visit: Visit) -> None:
    """How many of how many, and what was chosen, in a live region."""
    assert told(visit) == "Showing all runs."
    choose(visit, "Solver", "hals")
    assert told(visit) == "Showing 200 of 600 runs: Solver hals."


def test_charts_draw_what_is_left_only(browser: Any, drawn: str) -> None:
    """Points and legend entries of other solvers and of other panels go."""
    points = "#points .mark-symbol.role-mark path"
    with Visit(browser, drawn, 1200) as visit:
        visit.draw_all()
        assert visit.count(points) == 4
        choose(visit, "Solver", "hals", "cd")
        choose(visit, "Dataset", "mail & news")
        visit.page.wait_for_function(
            "path => document.querySelectorAll(path).length === 1", arg=points
        )
        legend = visit.page.eval_on_selector_all(
            "#points .role-legend-label text", "all => all.map(one => one.textContent)"
        )
        assert legend == ["hals"]
        assert visit.said == []


def test_a_chart_with_nothing_left_says_so(browser: Any, drawn: str) -> None:
    """No empty axes: a sentence stands in its place."""
    with Visit(browser, f"{drawn}#drawn?solver=cd", 1200) as visit:
        visit.draw_all()
        assert visit.count("#points svg") == 0
        assert "Nothing in this chart" in visit.page.inner_text("#points")


def test_showing_all_again_takes_one_click(visit: Visit) -> None:
    """Rows, address and words are what they were."""
    choose(visit, "Solver", "hals")
    visit.page.click(".filters > button")
    assert len(visit.shown("few")) == 7
    assert told(visit) == "Showing all runs."
    assert "solver" not in visit.page.url


def test_a_narrowed_page_can_be_linked(
    browser: Any, address: str, visit: Visit
) -> None:
    """The address holds what was chosen; opened anew it shows the same."""
    choose(visit, "Solver", "hals")
    choose(visit, "Dataset", "mail & news")
    asked = parse_qs(visit.page.url.partition("?")[2])
    assert asked == {"solver": ["hals"], "dataset": ["mail & news"]}
    with Visit(browser, visit.page.url, 1200) as other:
        assert other.shown("few") == visit.shown("few")
        assert told(other) == told(visit)


def test_links_within_the_page_keep_the_filters(visit: Visit) -> None:
    """Going to a section is no reason to forget what was chosen."""
    choose(visit, "Solver", "hals")
    visit.page.click("nav a[href='#drawn']")
    visit.page.wait_for_function("location.hash.startsWith('#drawn?')")
    assert len(visit.shown("few")) == 3


def test_an_unknown_label_in_the_address_is_left_aside(
    browser: Any, address: str
) -> None:
    """A link to another study's label shows everything."""
    with Visit(
        browser, f"{address}#some?solver=none&colour=red&solver=", 1200
    ) as visit:
        assert len(visit.shown("few")) == 7
        assert visit.said == []


def test_a_count_leads_to_its_rows(visit: Visit) -> None:
    """The strip's errors unfold the table of runs, narrowed to them, and show it."""
    assert not visit.page.is_visible("#runs-table")
    visit.page.click(".strip a:has-text('error')")
    visit.page.wait_for_selector("#runs-table", state="visible")
    rows = visit.shown("runs-table")
    assert [row[1] for row in rows] == ["error"] * 6
    assert "6 of 600 rows" in visit.page.inner_text("#many ~ details")
    box = visit.page.locator("#runs-table caption").bounding_box()
    assert 0 <= box["y"] < 900


def test_the_count_of_all_leads_to_all(visit: Visit) -> None:
    """Planned runs are those of every status."""
    visit.page.click(".strip a:has-text('error')")
    visit.page.click(".strip a:has-text('planned')")
    visit.page.wait_for_function("!location.hash.includes('status')")
    assert told(visit) == "Showing all runs."
    assert "25 are shown" in visit.page.inner_text("#many ~ details")


def test_the_same_count_leads_there_again(visit: Visit) -> None:
    """After a change of the filters the same click does the same."""
    for _ in range(2):
        visit.page.click(".strip a:has-text('error')")
        visit.page.wait_for_function("location.hash.includes('status')")
        assert "6 of 600" in told(visit)
        visit.page.click(".filters > button")
        assert told(visit) == "Showing all runs."


def test_a_long_table_is_searched_whole(visit: Visit) -> None:
    """Rows that were never written as HTML are found; every word must occur."""
    visit.page.goto(visit.page.url + "#runs-table?")
    visit.page.fill("#many ~ details input[type=search]", "RUN59 odd")
    assert names(visit.shown("runs-table")) == [f"run{n}" for n in range(591, 600, 2)]
    assert "5 of 600 rows" in visit.page.inner_text("#many ~ details .tools")


def test_a_long_table_is_sorted_whole(visit: Visit) -> None:
    """Sorting puts the highest first, wherever it stood."""
    visit.page.goto(visit.page.url + "#runs-table?")
    for _ in range(2):
        visit.page.click("#runs-table th:nth-child(3) button")
    assert {row[2] for row in visit.shown("runs-table")[:6]} == {"99"}


def test_a_long_table_shows_more_when_asked(visit: Visit) -> None:
    """The first rows, then hundreds more, then no button."""
    visit.page.goto(visit.page.url + "#runs-table?")
    more = visit.page.locator("#many ~ details button.more")
    shown = [len(visit.shown("runs-table"))]
    while more.is_visible():
        more.click()
        shown.append(len(visit.shown("runs-table")))
    assert shown == [25, 525, 600]


def test_rows_from_json_look_like_the_others(visit: Visit) -> None:
    """Headers, classes and second lines are those of rows written as HTML."""
    visit.page.goto(visit.page.url + "#runs-table?status=error")
    row = "#runs-table tbody tr:first-child"
    assert visit.page.get_attribute(f"{row} th", "scope") == "row"
    assert visit.page.get_attribute(f"{row} td:nth-child(2)", "class") == "danger"
    assert visit.page.get_attribute(f"{row} td:nth-child(3)", "class") == "number"
    assert visit.page.inner_text(f"{row} small") == "of all"


def test_numbers_sort_as_numbers_and_nothing_comes_last(visit: Visit) -> None:
    """What a cell is sorted by is its value, not its text."""
    visit.page.click("#few th:nth-child(3) button")
    values = [row[2] for row in visit.shown("few")]
    assert values == ["5", "4", "3", "2", "1", "0", "–"]
    heading = visit.page.get_attribute("#few th:nth-child(3)", "aria-sort")
    assert heading == "ascending"


def test_filters_work_by_keyboard_alone(visit: Visit) -> None:
    """Enter opens a menu, Tab and Space choose, Escape closes and keeps the focus."""
    visit.page.focus(".filters summary")
    keyboard = visit.page.keyboard
    for key in ("Enter", "Tab", "Space"):
        keyboard.press(key)
    assert told(visit) == "Showing 300 of 600 runs: Dataset ratings."
    keyboard.press("Escape")
    assert visit.count(".filters details[open]") == 0
    assert visit.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_no_filters_where_nothing_varies(browser: Any, tmp_path: Path) -> None:
    """A study of one kind of run has no bar to choose from."""
    made = Report("study", "today", "1", [], [], [Section("some", "Some", [few()])])
    path = tmp_path / "index.html"
    path.write_text(page(made, {}), encoding="utf-8")
    with Visit(browser, path.as_uri(), 1200) as visit:
        assert visit.count(".filters") == 0
        assert len(visit.shown("few")) == 7
        assert visit.said == []


def test_sentences_are_said_to_speak_of_the_whole_study(visit: Visit) -> None:
    """Where filters hold, the page says what they do not act on."""
    assert not visit.page.is_visible(".filters .note")
    choose(visit, "Solver", "hals")
    assert "speak of the whole study" in visit.page.inner_text(".filters .note")


def test_without_scripts_the_first_rows_of_a_long_table_are_there(
    browser: Any, address: str
) -> None:
    """Two hundred rows, and a word on the rest."""
    with Visit(browser, address, 1200, java_script_enabled=False) as visit:
        assert visit.count("#runs-table tbody tr") == 200
        assert visit.count(".filters, .tools, button") == 0
        assert "400 more rows" in visit.page.text_content("#many ~ details")


def test_long_titles_of_a_chart_are_broken_into_lines(
    browser: Any, tmp_path: Path
) -> None:
    """On a phone, a panel's name breaks at its parts and an axis's between words."""
    long = chart()
    axis = {"field": "value", "type": "quantitative"}
    title = "A measure with a name that is far too long for the width of a phone"
    encoding = {**long.spec["encoding"], "x": {**axis, "title": title}}
    spec = {
        **long.spec,
        "encoding": encoding,
        "title": "a_data_set(with=parameters) · weighted by tfidf · n_components 3",
        "usermeta": {"panels": 1, "margin": 80},
        "height": 200,
    }
    figure = Figure("points", "Points", "", spec)
    path = tmp_path / "index.html"
    html = page(report(figure), {"points": render_svg(figure)})
    path.write_text(html, encoding="utf-8")
    with Visit(browser, path.as_uri(), 400) as visit:
        visit.draw_all()
        assert visit.text_faults() == []
        assert visit.count("#points .role-title-text tspan") == 3
