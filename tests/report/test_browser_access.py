"""The page for everyone: by keyboard, by screen reader, in the dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nmflab.report
from tests.report.conftest import Study
from tests.report.visiting import Visit

pytestmark = pytest.mark.browser

A4_WIDTH = 703
"""Pixels between the margins of a page of A4: 210 mm less twice 12 mm, at 96 dpi."""


@pytest.fixture(scope="module")
def addresses(
    full_report: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return the addresses of three studies: everything, failures only, nothing."""
    failed = Study(tmp_path_factory.mktemp("failed"))
    for seed in range(30):
        told = {"status": "error", "reason": "no luck", "traceback": "Traceback"}
        failed.run(told, seed=seed)
    empty = Study(tmp_path_factory.mktemp("empty"))
    found = {"everything": full_report.as_uri()}
    for name, study in (("failures", failed), ("nothing", empty)):
        with study.read() as store:
            found[name] = nmflab.report.build(store).as_uri()
    return found


@pytest.mark.parametrize(
    ("study", "scheme", "width", "rules"),
    [
        ("everything", "light", 1600, None),
        ("everything", "dark", 400, ["color-contrast"]),
        ("failures", "dark", 1600, None),
        ("nothing", "light", 400, None),
    ],
)
def test_axe_finds_no_barrier(
    browser: Any,
    addresses: dict[str, str],
    study: str,
    scheme: str,
    width: int,
    rules: list[str] | None,
) -> None:
    """Names, roles, order and contrast pass the rules of axe-core, all unfolded."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed",
    )
    asked = {"resultTypes": ["violations"]}
    if rules:
        asked["runOnly"] = rules
    with Visit(browser, addresses[study], width, color_scheme=scheme) as visit:
        visit.unfold()
        if rules:  # of text: axe-core looks at no contrast within drawings
            visit.page.evaluate(
                "document.querySelectorAll('svg').forEach(o => o.remove())"
            )
        else:
            visit.draw_all(most=4)
        found = axe.Axe().run(visit.page, options=asked)
    assert [
        (one["id"], one["nodes"][0]["html"][:200], len(one["nodes"]))
        for one in found.response["violations"]
    ] == []
    passed = {one["id"] for one in found.response["passes"]}
    assert {"color-contrast"} <= passed


_CONTRASTS = """() => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = light(getComputedStyle(document.body).backgroundColor);
  const around = ".role-axis text, .role-legend text, .role-title text";
  return Array.from(document.querySelectorAll(around), (text) => {
    const ink = light(getComputedStyle(text).fill);
    return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_around_charts_stands_out(
    browser: Any, full_report: Path, scheme: str
) -> None:
    """Axes, legends and titles reach 4.5 to 1, as WCAG 2.2 (1.4.3) asks of text."""
    address = full_report.as_uri()
    with Visit(browser, address, 1200, color_scheme=scheme) as visit:
        visit.draw_all(most=2)
        found = visit.page.evaluate(_CONTRASTS)
    assert len(found) > 100
    assert min(found) >= 4.5


@pytest.fixture
def visit(browser: Any, full_report: Path) -> Iterator[Visit]:
    """Return a fresh visit of the study of everything."""
    with Visit(browser, full_report.as_uri(), 1200) as visit:
        yield visit


def test_the_first_stop_skips_to_the_report(visit: Visit) -> None:
    """Tab, Enter: past the navigation, into the report."""
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == (
        "Skip to the report"
    )
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function("document.activeElement.id === 'content'")


def test_all_that_acts_is_reached_by_tab(visit: Visit) -> None:
    """Links, buttons, menus, searches and scrolling boxes in view take the focus."""
    wanted = set(visit.page.evaluate(_REACHED))
    seen: set[str] = set()
    for _ in range(200):
        visit.page.keyboard.press("Tab")
        seen.add(visit.page.evaluate("document.activeElement.dataset.stop"))
        if wanted <= seen:
            break
    assert len(wanted) > 30
    assert wanted <= seen


_REACHED = """() => {
  const some = document.querySelectorAll(
    "header a, header button, nav a, .filters summary, #asked ~ * summary, " +
    "#asked ~ * button, #asked ~ .scroll, .skip");
  return Array.from(some).filter((one) => one.checkVisibility()).map((one, at) => {
    one.dataset.stop = "stop " + at;
    return one.dataset.stop;
  });
}"""


def test_the_focus_can_be_seen(visit: Visit) -> None:
    """What has the focus is outlined."""
    for _ in range(4):
        visit.page.keyboard.press("Tab")
        outline = visit.page.evaluate(
            "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        )
        assert outline >= 2


def test_a_table_is_sorted_by_keyboard(visit: Visit) -> None:
    """Enter on a heading's button sorts, and the state is told."""
    visit.page.focus("#axes thead th:first-child button")
    for state in ("ascending", "descending"):
        visit.page.keyboard.press("Enter")
        heading = visit.page.get_attribute("#axes thead th:first-child", "aria-sort")
        assert heading == state
    shown = [row[0] for row in visit.shown("axes")]
    assert shown == sorted(shown, reverse=True)


def test_charts_are_images_with_names(visit: Visit) -> None:
    """A screen reader is told each chart's title and how to read it."""
    visit.draw_all(most=3)
    boxes = visit.page.locator('[data-spec][data-state="live"]')
    captions = visit.page.locator("figure:has(.plot) figcaption strong")
    assert boxes.count() >= 3
    for at in range(3):
        title = captions.nth(at).inner_text()
        assert boxes.nth(at).get_by_role("img", name=title).count() == 1


def test_the_contents_mark_what_is_read(visit: Visit) -> None:
    """The section in view is the current one in the navigation, and no other is."""
    visit.page.evaluate("document.getElementById('provenance').scrollIntoView()")
    current = "nav a[aria-current]"
    visit.page.wait_for_function(
        f"document.querySelector('{current}')?.hash === '#provenance'"
    )
    assert visit.count(current) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_shows_all_and_nothing_that_only_screens_need(
    browser: Any, full_report: Path, scripts: bool
) -> None:
    """No navigation and no buttons; what was folded is open."""
    address = full_report.as_uri()
    how = {"java_script_enabled": scripts, "color_scheme": "dark"}
    with Visit(browser, address, A4_WIDTH, **how) as visit:
        visit.page.emulate_media(media="print", color_scheme="dark")
        if scripts:
            visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        for gone in ("nav", ".skip", ".theme", ".filters", ".tools", "button.more"):
            assert visit.page.locator(gone).locator("visible=true").count() == 0
        assert visit.page.is_visible("#runs-table tbody tr:last-child")
        assert visit.page.is_visible("#settings")
        paper = "getComputedStyle(document.body).backgroundColor"
        assert visit.page.evaluate(paper) == "rgb(255, 255, 255)"


def test_tables_are_whole_on_paper(browser: Any, full_report: Path) -> None:
    """No table of the report and no drawing is wider than a page of A4."""
    address = full_report.as_uri()
    with Visit(browser, address, A4_WIDTH, java_script_enabled=False) as visit:
        visit.page.emulate_media(media="print")
        wide = visit.page.eval_on_selector_all(
            "main :is(table:not(.guest *), svg, pre)",
            "all => all.filter(one => one.getBoundingClientRect().right >"
            f" {A4_WIDTH} + 1).map(one => one.id || one.outerHTML.slice(0, 80))",
        )
    assert wide == []


def test_a_narrowed_page_says_so_on_paper(browser: Any, full_report: Path) -> None:
    """What the filters hide is told where the menus are not printed."""
    address = f"{full_report.as_uri()}#results?solver=mu"
    with Visit(browser, address, A4_WIDTH) as visit:
        visit.page.emulate_media(media="print")
        assert visit.page.is_visible(".filters [role=status]")
        assert "Solver mu" in visit.page.inner_text(".filters [role=status]")
        assert not visit.page.is_visible(".filters summary")


def test_after_printing_the_page_is_folded_again(visit: Visit) -> None:
    """Printing opens what is folded and closes no more than that."""
    folded = visit.count("main details:not([open])")
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.count("main details:not([name]):not([open])") == 0
    visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert visit.count("main details:not([open])") == folded > 0
