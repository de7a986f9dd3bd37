"""Names that try to be markup: in a real browser they are text and run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nmflab.report
from nmflab.contracts import Dataset, ReportSection
from nmflab.report.content import (
    Cell,
    Column,
    Filter,
    Report,
    Section,
    Sentence,
    Table,
)
from nmflab.report.formats.page import page
from nmflab.store import Store
from tests.report.conftest import Study
from tests.report.visiting import Visit

pytestmark = pytest.mark.browser

ATTACKS = {
    "element": "<script>window.ran = 1; alert(1)</script>",
    "handler": "<img src=x onerror='window.ran = 1; alert(1)'>",
    "json": "</script><script>window.ran = 1</script>",
    "attribute": '" onmouseover="window.ran = 1" autofocus onfocus="window.ran = 1',
    "template": "{{ window.ran = 1 }}${window.ran = 1}",
    "style": "</style><style>body { display: none }</style>",
    "comment": "<!--<script>",
    "expression": "'; window.ran = 1; '",
}
HEBREW = "\u05de\u05d8\u05e8\u05d9\u05e6\u05d4"
TURNED = "\u202egnitar"
EMOJI = "\N{CLAPPER BOARD}\u200d\N{RAINBOW}"


def write_hostile(folder: Path) -> None:
    """Write a study whose every name is an attack."""
    study = Study(folder)
    X = np.kron(np.eye(2), np.ones((3, 3))) + 0.1 * study.RATINGS[:1, :1]
    columns = [*ATTACKS.values()][: X.shape[1]]
    data = Dataset(X=X, column_names=columns, row_names=list(reversed(columns)))
    for label in (ATTACKS["element"], ATTACKS["json"]):
        fingerprint = study.dataset(label, data)
        for solver in (ATTACKS["handler"], f"{HEBREW}{ATTACKS['style']}{EMOJI}"):
            for k, seed in ((1, 0), (2, 0), (2, 1)):
                study.fitted(
                    X,
                    fingerprint=fingerprint,
                    k=k,
                    seed=seed,
                    dataset=label,
                    solver=solver,
                    init=ATTACKS["comment"],
                    case=f"{ATTACKS['template']} {solver}" if k == 2 else "",
                    metrics={ATTACKS["attribute"]: 0.5},
                )
    told = {"reason": ATTACKS["json"], "traceback": ATTACKS["element"]}
    study.run({"status": "error", **told}, solver=TURNED, dataset=HEBREW)
    study.run({"status": "skipped", "reason": ATTACKS["handler"]}, solver="later")
    study.close(
        command=[f"solver={ATTACKS['handler']}"],
        notes=[ATTACKS["element"]],
        metric_info={ATTACKS["attribute"]: {"doc": ATTACKS["handler"]}},
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of that study, whose folder is called an attack too."""
    name = ATTACKS["handler"].replace("/", "-")
    folder = tmp_path_factory.mktemp("hostile") / name
    write_hostile(folder)
    guest = ReportSection(
        name="<b>mine</b>",
        title=ATTACKS["element"],
        render=lambda _: "<p id='mine'>mine</p><img src='http://192.0.2.1/x.png'>",
    )
    with Store.open(folder) as store:
        return nmflab.report.build(store, [guest])


@pytest.fixture(scope="module")
def visit(browser: Any, hostile: Path) -> Iterator[Visit]:
    """Return a visit of it, everything unfolded, drawn and touched."""
    with Visit(browser, hostile.as_uri(), 1200) as visit:
        visit.unfold()
        visit.draw_all()
        for box in visit.page.query_selector_all(".filters summary"):
            box.click()
        visit.page.keyboard.press("Escape")
        yield visit


def test_no_name_is_run(visit: Visit) -> None:
    """No dialog came up and no script set its mark."""
    assert visit.page.evaluate("window.ran") is None
    assert not [said for said in visit.said if "dialog" in said]


def test_no_name_becomes_an_element(visit: Visit) -> None:
    """No image, no handler and no style but those of the page; it is in view."""
    assert visit.count("img:not(.guest img), [onerror], [onfocus], [onmouseover]") == 0
    assert visit.count("body style, body > script:not([type])") <= 2
    assert visit.page.is_visible("h1")


@pytest.mark.parametrize("kind", ["element", "handler", "json", "attribute", "style"])
def test_names_are_read_as_they_are(visit: Visit, kind: str) -> None:
    """Each attack stands on the page letter by letter."""
    text = visit.page.inner_text("main")
    known = ATTACKS[kind]
    assert known in text or known.capitalize() in text


def test_nothing_is_fetched_even_for_a_plugin(visit: Visit, hostile: Path) -> None:
    """The policy stops what a plugin's section asks a network for, and says so."""
    assert visit.page.is_visible("#mine")
    assert visit.refused == ["http://192.0.2.1/x.png"]
    asked = [url for url in visit.asked if not url.startswith("data:")]
    assert asked == [hostile.as_uri(), *visit.refused]
    assert all("Content Security Policy" in said for said in visit.said)


def test_hostile_labels_can_be_chosen_in_filters(browser: Any, hostile: Path) -> None:
    """A filter on a label that is markup narrows to it, through the address too."""
    with Visit(browser, hostile.as_uri(), 1200) as visit:
        visit.page.click(".filters summary")
        visit.page.check(".filters details[open] label:nth-of-type(2) input")
        chosen = visit.page.inner_text(".filters details[open] label:nth-of-type(2)")
        assert chosen == ATTACKS["json"]
        with Visit(browser, visit.page.url, 1200) as other:
            said = other.page.inner_text(".filters [role=status]")
            assert said.endswith(f": Dataset {chosen}.")
            assert other.page.evaluate("window.ran") is None


def test_long_tables_take_hostile_names_as_text(browser: Any, tmp_path: Path) -> None:
    """Rows that the script makes from JSON are text as well."""
    rows = [
        [Cell(f"{attack}{at}", attack, sort=attack)]
        for at in range(60)
        for attack in ATTACKS.values()
    ]
    table = Table("long", "Long", [Column(ATTACKS["handler"])], rows, n_headers=1)
    made = Report(
        study=ATTACKS["json"],
        created="today",
        version="1",
        statuses=[],
        headline=[Sentence(ATTACKS["json"])],
        sections=[Section("some", ATTACKS["style"], [table])],
        filters=[Filter("dataset", ATTACKS["element"], list(ATTACKS.values()))],
    )
    path = tmp_path / "index.html"
    path.write_text(page(made, {}), encoding="utf-8")
    with Visit(browser, path.as_uri(), 1200) as visit:
        visit.page.click("button.more")
        shown = [row[0].partition("\n")[0] for row in visit.shown("long")]
        assert sorted(shown) == sorted(row[0].text for row in rows)
        assert visit.page.evaluate("window.ran") is None
        assert visit.said == []


def test_a_name_from_right_to_left_turns_no_sentence(
    browser: Any, tmp_path: Path
) -> None:
    """Words after such a name stand to its right, as if it were any other."""

    def order(name: str) -> list[int]:
        made = Report(
            study="study",
            created="today",
            version="1",
            statuses=[],
            headline=[Sentence(f"On {name} 12 of 15 were found.")],
            sections=[],
            filters=[Filter("dataset", "Dataset", [name, "other"])],
        )
        path = tmp_path / "index.html"
        path.write_text(page(made, {}), encoding="utf-8")
        with Visit(browser, path.as_uri(), 1200) as visit:
            lefts: list[int] = visit.page.evaluate(_LEFTS)
            return lefts

    for name in (HEBREW, TURNED, "plain"):
        assert order(name) == sorted(order(name))


_LEFTS = """() => {
  const paragraph = document.querySelector(".summary p");
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const lefts = [];
  while (walker.nextNode()) {
    for (const word of ["On", "12", "of", "15", "were", "found"]) {
      const at = walker.currentNode.data.search(new RegExp("\\b" + word + "\\b"));
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + word.length);
      lefts.push(range.getBoundingClientRect().left);
    }
  }
  return lefts;
}"""
