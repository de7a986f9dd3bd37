"""The page in a real browser: drawn, silent, self-sufficient, legible at any width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nmflab
import nmflab.report
from tests.report.visiting import Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def real_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a small study that nmflab ran itself."""
    rng = np.random.default_rng(0)
    X = rng.random((30, 3)) @ rng.random((3, 12)) + 0.05 * rng.random((30, 12))
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = nmflab.study(
            "solver=hals,mu",
            "init=random,nndsvda",
            "n_components=2,3",
            "seed=range(3)",
            "executor.name=serial",
            "stop.max_steps=40",
            "metrics=[relative_error,hoyer_sparseness,top_features]",
            X=X,
        )
        folder = folder / done.folder
    with nmflab.store.Store.open(folder) as store:
        return nmflab.report.build(store)


@pytest.fixture(scope="module", params=["everything", "real"])
def address(request: pytest.FixtureRequest) -> str:
    """Return the address of a study's page: made up of everything, and really run."""
    name = {"everything": "full_report", "real": "real_report"}[request.param]
    path: Path = request.getfixturevalue(name)
    return path.as_uri()


@pytest.fixture(scope="module", params=[400, 1600])
def visit(
    browser: Any, address: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Return a visit on a narrow and on a wide screen, unfolded and drawn."""
    with Visit(browser, address, request.param) as visit:
        visit.unfold()
        visit.draw_all()
        yield visit


@pytest.fixture(scope="module")
def everything(full_report: Path) -> str:
    """Return the address of the study of everything."""
    return full_report.as_uri()


def test_the_browser_has_nothing_to_complain_of(visit: Visit) -> None:
    """No error and no warning on the console, the content policy's included."""
    assert visit.said == []


def test_no_request_leaves_the_file(visit: Visit) -> None:
    """The page itself is all that is read."""
    asked = [url for url in visit.asked if not url.startswith("data:")]
    assert asked == [visit.page.url.partition("#")[0]]


def test_every_chart_is_drawn_live(visit: Visit) -> None:
    """Each still drawing was replaced by a live one with marks in it."""
    charts = visit.count("[data-spec]")
    assert charts > 2
    assert visit.count('[data-spec][data-state="live"] svg .mark-group') >= charts


def test_the_page_is_never_wider_than_the_window(visit: Visit) -> None:
    """Wide tables and charts scroll by themselves."""
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visit.page.viewport_size["width"]


def test_no_text_is_cut_or_lies_over_another(visit: Visit) -> None:
    """In sentences, tables and drawings, turned labels included."""
    assert visit.text_faults() == []


def test_every_entry_of_the_contents_leads_to_a_section_in_view(visit: Visit) -> None:
    """Each section has a heading that can be gone to."""
    targets = visit.page.eval_on_selector_all(
        "nav a", "all => all.map(one => one.getAttribute('href'))"
    )
    assert {"#summary", "#results", "#factors", "#runs", "#provenance"} <= {*targets}
    assert all(visit.page.is_visible(target) for target in targets)


_FAULTY = """() => document.querySelector("main").insertAdjacentHTML("afterbegin", `
  <div style="position: relative; height: 40px">
    <i style="position: absolute; left: 0">under</i>
    <i style="position: absolute; left: 12px; top: 3px">above</i>
  </div>
  <div style="width: 3em; overflow: hidden; white-space: nowrap">much too long</div>
  <svg width="110" height="90">
    <text x="90" y="12">sticks out</text>
    <text x="0" y="85">name…</text>
    <text transform="translate(5 30) rotate(45)">turned</text>
    <text transform="translate(22 30) rotate(45)">beside</text>
    <text transform="translate(27 36) rotate(45)">across</text>
  </svg>`)"""


def test_text_that_is_cut_or_overlaps_would_be_found(browser: Any) -> None:
    """What looks for such faults sees each kind, and lets parallel labels be."""
    with Visit(browser, "data:text/html,<main></main>", 600) as visit:
        visit.page.evaluate(_FAULTY)
        found = sorted(fault.replace("MAIN", "") for fault in visit.text_faults())
    assert [fault.partition(":")[0] for fault in found] == [
        "cut",
        "cut",
        "overlap",
        "overlap",
        "shortened",
    ]
    assert "under" in found[2] + found[3]
    assert "across" in found[2] + found[3]
    assert "turned" not in found[2] + found[3]


def test_a_plugins_wide_table_scrolls_in_its_own_box(
    browser: Any, everything: str
) -> None:
    """On a narrow screen the box is as wide as the page, its table wider."""
    with Visit(browser, everything, 400) as visit:
        box = visit.page.query_selector("#plugin-wide ~ .guest")
        widths = box.evaluate("box => [box.clientWidth, box.scrollWidth]")
    assert widths[0] <= 400 < widths[1]


def test_every_planned_run_is_counted_and_leads_to_its_row(
    browser: Any, everything: str
) -> None:
    """Each count of the strip leads to as many rows of the table of runs."""
    with Visit(browser, everything, 1200) as visit:
        page = visit.page
        for link in page.query_selector_all(".strip a[href^='#runs-table?']"):
            link.click()
            rows = page.evaluate(
                "document.querySelector('.filters [role=status]').textContent"
            )
            count, total = link.get_attribute("data-count"), 52
            every = link.get_attribute("data-label") == "planned"
            assert every or rows.startswith(f"Showing {count} of {total} runs")
        counts = page.eval_on_selector_all(
            ".strip a:not([data-label=planned]):not([data-label=warnings])",
            "all => all.map(one => Number(one.dataset.count))",
        )
    assert sum(counts) == 52


def test_a_filter_acts_on_the_tables_of_every_section(
    browser: Any, everything: str
) -> None:
    """No row that names another solver is left in any table of results."""
    with Visit(browser, f"{everything}#results?solver=mu", 1200) as visit:
        visit.unfold()
        named = visit.page.evaluate(_NAMED)
    assert len(named) > 5
    assert set(named) == {"mu"}


_NAMED = """() => [...document.querySelectorAll("main table")].flatMap((table) => {
  const titles = Array.from(table.tHead ? table.tHead.rows[0].cells : []);
  const at = titles.findIndex((cell) => cell.innerText.trim().startsWith("Solver"));
  if (at < 0 || table.closest("section").id === "provenance") return [];
  return Array.from(table.tBodies[0].rows)
    .map((row) => row.cells[at].firstChild.textContent)
    .filter((text) => /^[a-z_]+$/.test(text));
})"""


def test_without_scripts_everything_is_there(browser: Any, everything: str) -> None:
    """Drawings, tables and sentences do not depend on a script."""
    with Visit(browser, everything, 800, java_script_enabled=False) as visit:
        charts = visit.count("figure:has(.plot)")
        assert visit.count("figure .plot svg") == charts > 5
        assert visit.count("main table tbody tr") > 100
        assert visit.page.is_visible(".summary p")
        visit.page.click("summary:has-text('The table of 52 runs')")
        assert visit.page.is_visible("#runs-table")
        assert visit.said == []


def ink(visit: Visit) -> str:
    """Return the colour of the first text of the first chart."""
    colour: str = visit.page.eval_on_selector(
        "[data-spec] svg text", "text => getComputedStyle(text).fill"
    )
    return colour


LIGHT_INK = {"rgb(163, 173, 184)", "rgb(230, 233, 237)"}
DARK_INK = {"rgb(89, 98, 109)", "rgb(31, 35, 41)"}


def test_dark_pages_have_light_ink(browser: Any, everything: str) -> None:
    """Text and charts follow the reader's colour scheme, live and still."""
    with Visit(browser, everything, 800, color_scheme="dark") as visit:
        still = ink(visit)
        visit.draw_all(most=1)
        assert {still, ink(visit)} <= LIGHT_INK


def test_the_theme_can_be_chosen(browser: Any, everything: str) -> None:
    """One button turns the page and its charts, and says what it will do."""
    with Visit(browser, everything, 800, color_scheme="dark") as visit:
        visit.page.click("button:text-is('Light theme')")
        assert ink(visit) in DARK_INK
        visit.page.click("button:text-is('Dark theme')")
        assert ink(visit) in LIGHT_INK
