"""The page in a real browser: drawn, silent, self-sufficient, never too wide."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a headless browser, or skip where there is none."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser found: install one of {', '.join(NAMES)}")
    with api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(full_report: Path) -> str:
    """Return the address of the full study's page."""
    return full_report.as_uri()


class Visit:
    """A page opened, scrolled through to its end, with what it said and asked for."""

    def __init__(self, browser: Any, address: str, width: int, **how: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, **how
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def draw_all(self) -> None:
        """Bring each chart into view and wait until it is drawn."""
        for box in self.page.query_selector_all("[data-spec]"):
            box.scroll_into_view_if_needed()
            self.page.wait_for_function("box => box.dataset.state", arg=box)

    def count(self, selector: str) -> int:
        """Return how many elements match."""
        return len(self.page.query_selector_all(selector))


@pytest.fixture(scope="module", params=[400, 1600])
def visit(
    browser: Any, address: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Return a visit on a narrow and on a wide screen."""
    visit = Visit(browser, address, request.param)
    visit.draw_all()
    yield visit
    visit.context.close()


def test_the_browser_has_nothing_to_complain_of(visit: Visit) -> None:
    """No error and no warning on the console, the content policy's included."""
    assert visit.said == []


def test_no_request_leaves_the_file(visit: Visit, address: str) -> None:
    """The page itself is all that is read."""
    assert [url for url in visit.asked if not url.startswith("data:")] == [address]


def test_every_chart_is_drawn_live(visit: Visit) -> None:
    """Each still drawing was replaced by a live one with marks in it."""
    charts = visit.count("[data-spec]")
    assert charts > 5
    assert visit.count('[data-spec][data-state="live"] svg .mark-group') >= charts


def test_the_page_is_never_wider_than_the_window(visit: Visit) -> None:
    """Wide tables and charts scroll by themselves."""
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visit.page.viewport_size["width"]


def test_a_plugins_wide_table_scrolls_in_its_own_box(
    browser: Any, address: str
) -> None:
    """On a narrow screen the box is as wide as the page, its table wider."""
    visit = Visit(browser, address, 400)
    box = visit.page.query_selector("#plugin-wide ~ .guest")
    widths = box.evaluate("box => [box.clientWidth, box.scrollWidth]")
    assert widths[0] <= 400 < widths[1]
    visit.context.close()


def test_objective_and_error_are_in_sight(browser: Any, address: str) -> None:
    """At 1300 pixels the results need no sideways scroll to be compared."""
    visit = Visit(browser, address, 1300)
    ends = visit.page.eval_on_selector_all(
        "#results-table thead th",
        "all => all.map(th => [th.textContent, th.getBoundingClientRect().right])",
    )
    read = [end for title, end in ends if title in ("Objective", "Relative error")]
    assert len(read) == 2
    assert max(read) <= 1300
    visit.context.close()


def test_a_click_on_a_heading_sorts_the_table(browser: Any, address: str) -> None:
    """Numbers as numbers, and the state is told to screen readers."""
    visit = Visit(browser, address, 1600)
    heading = "#results-table thead th:nth-child(4)"
    values = "rows => rows.map(row => Number(row.cells[3].dataset.sort))"
    for direction, wanted in (("ascending", False), ("descending", True)):
        visit.page.click(f"{heading} button")
        assert visit.page.get_attribute(heading, "aria-sort") == direction
        found = visit.page.eval_on_selector_all("#results-table tbody tr", values)
        assert found == sorted(found, reverse=wanted)
    visit.context.close()


def test_without_scripts_everything_is_there(browser: Any, address: str) -> None:
    """Drawings, tables and sentences do not depend on a script."""
    visit = Visit(browser, address, 800, java_script_enabled=False)
    assert visit.count("figure svg") == visit.count("figure") > 5
    assert visit.page.is_visible("#results-table")
    visit.context.close()


def test_dark_pages_have_light_ink(browser: Any, address: str) -> None:
    """Text and charts follow the reader's colour scheme, live and still."""
    visit = Visit(browser, address, 800, color_scheme="dark")
    still = visit.page.eval_on_selector(
        "#convergence-steps svg text", "text => getComputedStyle(text).fill"
    )
    visit.draw_all()
    live = visit.page.eval_on_selector(
        "#convergence-steps svg text", "text => getComputedStyle(text).fill"
    )
    light = {"rgb(163, 173, 184)", "rgb(230, 233, 237)"}
    assert {still, live} <= light
    visit.context.close()
