"""How long a page takes until it can be read and its first chart is live."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY = """
() => document.readyState === "complete" && (() => {
  const inView = Array.from(document.querySelectorAll("[data-spec]")).filter((box) => {
    const place = box.getBoundingClientRect();
    return box.offsetParent && place.top < innerHeight && place.bottom > 0;
  });
  return inView.every((box) => box.dataset.state);
})()
"""


def seconds_to_open(page: Path) -> float | None:
    """Return the seconds from the address to a page that is loaded, scripts included.

    Charts in view are live by then; the browser was started before. None where
    playwright or a browser is not installed.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if found is None:
        return None
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1400, "height": 900})
        began = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="load")
        tab.wait_for_function(READY)
        taken = time.perf_counter() - began
        browser.close()
    return taken
