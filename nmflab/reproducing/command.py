"""`nmflab compare` and `nmflab reproduce`: their options, and what they print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from nmflab.config import ConfigError
from nmflab.reproducing.again import reproduced
from nmflab.reproducing.again_text import told_of_reproduction
from nmflab.reproducing.comparing import Comparison, compare_studies
from nmflab.reproducing.lines import Part, markdown, plain_text
from nmflab.reproducing.text import told
from nmflab.sweep.folder import found_study, study_folder
from nmflab.usage import words_of

COMPARE_OPTIONS = ("sweeps", "tolerance", "output")
"""What may follow the studies in `nmflab compare`."""

REPRODUCE_OPTIONS = ("sample", "seed", "into", "sweep", "tolerance", "output")
"""What may follow the study in `nmflab reproduce`."""

_SUFFIXES = (".csv", ".md", ".txt")


def compare(arguments: Sequence[str]) -> tuple[str, int]:
    """Return what `nmflab compare A B` prints, and its exit code.

    Raises
    ------
    ConfigError
        For a wrong number of studies, an unknown option or a value it cannot have.
    StoreError
        If a folder holds no study.
    """
    names, options = words_of("compare", arguments, COMPARE_OPTIONS)
    if not 1 <= len(names) <= 2:
        raise ConfigError(
            f"compare: {len(names)} studies given; name two, or one that was given"
            " several commands, as in nmflab compare studies/before studies/after"
        )
    target = _output("compare", options)
    numbers = [n for n in options.get("sweeps", "").split(",") if n]
    found = compare_studies(
        *(found_study(name, archives=True) for name in names),
        sweeps=[_count("compare", "sweeps", n) for n in numbers],
        tolerance=_tolerance("compare", options),
    )
    parts = told(found)
    return _finished(parts, found, target), found.exit_code


def reproduce(arguments: Sequence[str], *, quiet: bool = False) -> tuple[str, int]:
    """Run a study again; return what `nmflab reproduce` prints, and its exit code.

    Raises
    ------
    ConfigError
        As `nmflab.reproducing.again.reproduced`; for an unknown option or a value it
        cannot have.
    StoreError
        If a study cannot be read or written.
    """
    names, options = words_of("reproduce", arguments, REPRODUCE_OPTIONS)
    if len(names) != 1:
        raise ConfigError(
            f"reproduce: {len(names)} studies given; name one, as in nmflab reproduce"
            " studies/movie_ratings sample=20"
        )
    target = _output("reproduce", options)
    counts = {
        name: _count("reproduce", name, options[name])
        for name in ("sample", "seed", "sweep")
        if name in options
    }
    if counts.get("sample") == 0:
        raise ConfigError("reproduce: sample=0 leaves nothing to run; give a number")
    done = reproduced(
        found_study(names[0], archives=True),
        sample=counts.get("sample"),
        seed=counts.get("seed", 0),
        into=study_folder(options["into"]) if "into" in options else None,
        sweep=counts.get("sweep"),
        tolerance=_tolerance("reproduce", options),
        quiet=quiet,
    )
    return _finished(
        told_of_reproduction(done), done.comparison, target
    ), done.exit_code


def _count(command: str, name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ConfigError(f"{command}: {name}={text} is no whole number")
    return int(text)


def _tolerance(command: str, options: Mapping[str, str]) -> float | None:
    text = options.get("tolerance")
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ConfigError(
            f"{command}: tolerance={text}: give a relative difference, as in"
            " tolerance=1e-6"
        )
    return value


def _output(command: str, options: Mapping[str, str]) -> Path | None:
    """Return the file that is asked for, before anything is run."""
    if "output" not in options:
        return None
    path = Path(options["output"]).expanduser()
    if path.suffix not in _SUFFIXES:
        raise ConfigError(
            f"{command}: output={path}: end it in .csv for every figure of every run,"
            " .md or .txt for what is printed"
        )
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{command}: output={path}: its folder is not there")
    return path


def _finished(
    parts: Sequence[Part], comparison: Comparison | None, target: Path | None
) -> str:
    """Return the text, once it is also written to the file asked for."""
    text = plain_text(parts)
    if target is None:
        return text
    if target.suffix == ".csv":
        if comparison is None:
            return f"{text}\nnothing to write to {target}: no figure was compared"
        content = comparison.frame().to_csv(index=False, lineterminator="\n")
    else:
        content = markdown(parts) if target.suffix == ".md" else f"{text}\n"
    try:
        target.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write output={target}: {error.strerror or error}; name a file that"
            " may be written"
        ) from error
    return f"{text}\nwritten to {target}"
