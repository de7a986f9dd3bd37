"""Pages opened in headless Chromium, and what tests ask of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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
TEXT_FAULTS = Path(__file__).with_name("text_faults.js")


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a headless browser, or skip where there is none."""
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


class Visit:
    """A page opened, with what it said and asked for, and what its policy refused."""

    def __init__(self, browser: Any, address: str, width: int, **how: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, **how
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", self._refused)
        self.page.goto(address)

    def _dismiss(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _refused(self, request: Any) -> None:
        if request.failure == "csp":  # stopped by the page's own policy, never sent
            self.refused.append(request.url)

    def __enter__(self) -> Visit:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the page."""
        self.context.close()

    def unfold(self) -> None:
        """Open everything that is folded away, the menus of the filters apart."""
        self.page.evaluate(
            "document.querySelectorAll('main details:not([name])')"
            ".forEach((one) => { one.open = true; })"
        )

    def draw_all(self, most: int | None = None) -> None:
        """Bring each chart, or the first few, into view and wait until it is drawn."""
        for box in self.page.query_selector_all("[data-spec]")[:most]:
            if box.is_visible():
                box.scroll_into_view_if_needed()
                self.page.wait_for_function("box => box.dataset.state", arg=box)
        self.page.evaluate("window.scrollTo(0, 0)")

    def count(self, selector: str) -> int:
        """Return how many elements match."""
        return len(self.page.query_selector_all(selector))

    def shown(self, table: str) -> list[list[str]]:
        """Return the text of a table's rows in view, cell by cell."""
        rows: list[list[str]] = self.page.eval_on_selector_all(
            f"#{table} tbody tr",
            "rows => rows.map(row => Array.from(row.cells, cell => cell.innerText))",
        )
        return rows

    def text_faults(self) -> list[str]:
        """Return each text that is cut off or lies over another."""
        faults: list[str] = self.page.evaluate(TEXT_FAULTS.read_text(encoding="utf-8"))
        return faults
