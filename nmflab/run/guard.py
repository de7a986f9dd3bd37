"""Turning what plugins raise and warn of into sentences."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from nmflab.loop.outcome import Status

MAX_WARNINGS = 50
"""Most different warnings kept of one run."""


class RunFailed(Exception):  # noqa: N818 (reads as what happened)
    """A run cannot go on; the message is the run's reason.

    Parameters
    ----------
    reason : str
    status : {"error", "invalid", "oom"}
    traceback : str, optional
    """

    def __init__(
        self, reason: str, status: Status = "error", traceback: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.status, self.traceback = reason, status, traceback


@contextmanager
def doing(what: str, *spoken: type[BaseException]) -> Iterator[None]:
    """Turn anything raised inside into a `RunFailed` that says what was being done.

    Parameters
    ----------
    what : str
        The beginning of the sentence: "init random failed".
    *spoken : exception types
        Their messages are sentences already, so their type is not named.
    """
    try:
        yield
    except RunFailed:
        raise
    except (Exception, SystemExit) as error:
        text = said(error) if not isinstance(error, spoken) else message(error)
        raise RunFailed(
            f"{what}: {text}",
            "oom" if isinstance(error, MemoryError) else "error",
            "".join(traceback.format_exception(error)),
        ) from error


def message(error: BaseException) -> str:
    """Return an exception's text on one line; its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def said(error: BaseException) -> str:
    """Return an exception's type and text on one line."""
    name, text = type(error).__name__, message(error)
    return name if text == name else f"{name}: {text}"


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect what is warned of inside, each text once, at most `MAX_WARNINGS`."""
    found: list[str] = []
    seen: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        entry = f"{category.__name__}: {' '.join(str(message).split())}"
        if entry not in seen and len(found) < MAX_WARNINGS:
            seen.add(entry)
            found.append(entry)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield found
