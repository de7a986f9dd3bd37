"""How to get the same numbers again."""

from __future__ import annotations

import shlex

from nmflab.report.content import Sentence
from nmflab.report.reading.material import Material


def again_sentences(material: Material) -> list[Sentence]:
    """Return the command that makes the numbers anew, and what they hang on."""
    if not material.sweeps:
        return []
    last = material.sweeps[-1]
    versions = last.provenance.get("versions") or {}
    known = [
        f"{n} {versions[n]}" for n in ("nmflab", "numpy", "scipy") if n in versions
    ]
    text = _command(material)
    if known:
        text += f"; it was made with {', '.join(known)}"
    git = last.provenance.get("git") or {}
    if git.get("dirty"):
        text += ", from code with changes that were not committed"
    return [
        Sentence(
            f"{text}. Equal to the last bit is promised for the same machine, threads"
            " and versions only.",
            "provenance",
        )
    ]


def _command(material: Material) -> str:
    merge = material.store.merge
    if merge is not None:
        first = shlex.quote(str(merge.studies[0].folder))
        return (
            f"nmflab reproduce {first} runs the first of the studies again and compares"
            " every figure, and so for each of the others"
        )
    study = shlex.quote(material.store.name)
    return f"nmflab reproduce {study} runs this study again and compares every figure"
