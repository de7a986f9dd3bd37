"""`nmflab score`: options told from overrides, and the file that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nmflab.config import ConfigError
from nmflab.scoring.scores import Score, score

OPTIONS = (
    "W",
    "H",
    "W.variable",
    "H.variable",
    "row_offset",
    "column_offset",
    "study",
    "csv",
)
"""What `nmflab score` takes beside the overrides of a problem."""

_EXAMPLE = "nmflab score dataset=digits W=W.csv H=H.csv"


def scored(arguments: Sequence[str]) -> tuple[Score, Path | None]:
    """Return the scores a command asks for, and the csv they were written to if any.

    Raises
    ------
    ConfigError
        As `score`; for W or H left out, and for a csv that cannot be written.
    """
    options, overrides = _sorted(arguments)
    for name in ("W", "H"):
        if name not in options:
            raise ConfigError(f"score: {name}= is not given; as in {_EXAMPLE}")
    found = score(
        options["W"],
        options["H"],
        *overrides,
        W_variable=options.get("W.variable"),
        H_variable=options.get("H.variable"),
        row_offset=options.get("row_offset"),
        column_offset=options.get("column_offset"),
        study=options.get("study"),
    )
    if "csv" not in options:
        return found, None
    path = Path(options["csv"]).expanduser()
    try:
        found.frame().to_csv(path, index=False, lineterminator="\n")
    except OSError as error:
        raise ConfigError(
            f"score: cannot write csv={path}: {error.strerror or error}; name a file in"
            " a folder that is there and may be written"
        ) from error
    return found, path


def _sorted(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    overrides: list[str] = []
    for text in arguments:
        name, equals, value = text.partition("=")
        if not equals and not text.startswith("~"):
            raise ConfigError(
                f"score: '{text}' is neither an option nor an override; write"
                f" key=value, as in {_EXAMPLE}"
            )
        if name in OPTIONS:
            if not value:
                raise ConfigError(
                    f"score: {name}= is empty; give it a value, or leave it out"
                )
            options[name] = value
        else:
            overrides.append(text)
    return options, overrides
