"""The ``README.md`` of an archive: what it is, what is in it, how to use it."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab import __version__
from nmflab.report.formats.markdown import escaped
from nmflab.report.numbers import count, moment
from nmflab.sharing.terms import Decision
from nmflab.store import Store


def readme(
    store: Store, decided: Sequence[Decision], files: Sequence[tuple[str, str]]
) -> str:
    """Return the text.

    Parameters
    ----------
    store : Store
        The study as it stands in the archive.
    decided : sequence of Decision
    files : sequence of (path, what it is)
    """
    name = store.name
    parts = [
        f"# {escaped(name)}",
        _opening(store),
        "## What is here",
        "\n".join(
            ["| file | what |", "|---|---|", *(f"| `{f}` | {t} |" for f, t in files)]
        ),
        "`sha256sum -c SHA256SUMS` tells whether all is as it was written.",
        "## Look at it, run it again",
        "Open `report/index.html` in a browser: it needs nothing else. With nmflab:",
        f"    nmflab report {name}       # the report anew, from runs.sqlite\n"
        f"    nmflab reproduce {name}    # the runs again: which digits are the same",
        "`report/environment.txt` holds the versions: `pip install -r` takes it.",
        "## The data and their terms",
        _data(decided),
        "## Left out",
        "\n".join(f"- {escaped(line)}" for line in left_out(decided)),
        "## Cite",
        "`CITATION.bib` holds the sources of nmflab, of every plugin and of the data.",
        f"Written by nmflab {__version__}.",
    ]
    return "\n\n".join(parts) + "\n"


def _opening(store: Store) -> str:
    runs = store.runs(all_sweeps=True)
    done = int((runs["status"] == "ok").sum())
    sweeps = store.sweeps()
    when = f", the last command given {moment(sweeps[-1].started)}" if sweeps else ""
    return (
        f"A study made with nmflab: {count(len(runs), 'run')} of non-negative matrix"
        f" factorization, {done:,} finished{when}."
    )


def _data(decided: Sequence[Decision]) -> str:
    if not decided:
        return "The study has no data."
    lines = ["| data set | terms | in this archive |", "|---|---|---|"]
    for one in decided:
        held = [
            word
            for word, there in (("data", one.data), ("factors", one.factors))
            if there
        ]
        what = " and ".join(held) or "results only"
        lines.append(
            f"| {escaped(one.dataset.label)} | {escaped(one.licence)} | {what} |"
        )
    return "\n".join(lines)


def left_out(decided: Sequence[Decision]) -> list[str]:
    """Return what the archive does not hold, and why."""
    lines = []
    for one in decided:
        label = one.dataset.label
        if not one.data:
            why = "as asked" if one.is_free else one.reason
            lines.append(
                f"{label}: cells, names of rows and columns, labels and texts, and what"
                f" quotes them ({why})."
            )
        if not one.factors:
            lines.append(
                f"{label}: the factors W and H of its runs, from which data can be"
                f" computed back ({'as asked' if one.data else 'as its data'})."
            )
    return [*lines, "Names of hosts and users, and the folders that files lay in."]
