"""Drawing charts beside the writing of the report, in processes of their own.

Starting what draws a chart takes most of a second and each chart another tenth, about
as long as all the rest of a report; it keeps the interpreter's lock all the while, so
threads would not help.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from nmflab.report.content import Figure
from nmflab.report.formats.figures import full_spec, render_svg, vega_lite_version
from nmflab.report.formats.slimming import slim

_PROGRAM = Path(__file__).parent / "drawing_process.py"

MOST_PROCESSES = 3


class Drawer:
    """Draws figures as they are handed in; whoever asks for one waits for it.

    Parameters
    ----------
    n_processes : int
        With none, or where a process cannot be started or dies, figures are drawn in
        this one.
    """

    def __init__(self, n_processes: int) -> None:
        self._asked: SimpleQueue[tuple[bytes, Future[str | None]]] = SimpleQueue()
        self._processes = [p for _ in range(n_processes) if (p := _started())]
        self._serving = len(self._processes)
        self._lock = threading.Lock()
        for process in self._processes:
            threading.Thread(target=self._serve, args=(process,), daemon=True).start()

    def draw(self, figure: Figure) -> Future[str | None]:
        """Hand in a figure; the future holds its slim SVG, or None for none."""
        future: Future[str | None] = Future()
        asked = {"spec": full_spec(figure), "version": vega_lite_version()}
        with self._lock:
            if self._serving:
                self._asked.put((json.dumps(asked).encode() + b"\n", future))
            else:
                future.set_result(None)
        return future

    def _serve(self, process: subprocess.Popen[bytes]) -> None:
        source, sink = process.stdout, process.stdin
        assert source is not None
        assert sink is not None
        while process.poll() is None:
            line, future = self._asked.get()
            future.set_result(_drawn(line, source, sink))
        self._leave()

    def _leave(self) -> None:
        """Stop serving; the last to leave answers what nobody will draw any more."""
        with self._lock:
            self._serving -= 1
            while not self._serving and not self._asked.empty():
                self._asked.get()[1].set_result(None)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
            process.communicate()


def _started() -> subprocess.Popen[bytes] | None:
    if "python" not in Path(sys.executable or "").name.lower():
        return None  # embedded in another program, which is no interpreter
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def _drawn(line: bytes, source: IO[bytes], sink: IO[bytes]) -> str | None:
    try:
        sink.write(line)
        sink.flush()
        answer: str | None = json.loads(source.readline() or b"null")
    except (OSError, ValueError):
        return None
    return answer


@cache
def drawer() -> Drawer:
    """Return this process's drawer, started at the first call.

    It is kept for the next report: what was started once draws the next at once.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    made = Drawer(min(MOST_PROCESSES, (cores or os.cpu_count() or 1) - 1))
    atexit.register(made.close)
    return made


def drawings(
    figures: Iterable[Figure], begun: Mapping[str, Future[str | None]]
) -> dict[str, str]:
    """Return the slim SVG of each figure by its id; those not drawn yet are drawn here.

    Parameters
    ----------
    figures : iterable of Figure
    begun : mapping of figure id to future
        As `Drawer.draw` returned them.
    """
    found = {}
    for figure in figures:
        future = begun.get(figure.id)
        svg = future.result() if future else None
        found[figure.id] = slim(render_svg(figure)) if svg is None else svg
    return found
