"""Reading numpydoc docstrings: the sentence, the text, the parameters."""

from __future__ import annotations

import inspect
import re
from typing import Any

_SECTION = re.compile(r"^(?P<title>[A-Z][A-Za-z ]+)\n-{3,}[ ]*$", re.MULTILINE)


def summary(cls: type[Any]) -> str:
    """Return the first paragraph of a class's docstring, on one line."""
    return first_sentence(_own_doc(cls) or "(no description)")


def first_sentence(doc: str) -> str:
    """Return the first paragraph of a docstring, on one line."""
    first, *_ = doc.strip().split("\n\n")
    return " ".join(first.split())


def split_docstring(cls: type[Any]) -> tuple[str, dict[str, str]]:
    """Return a numpydoc docstring's text and its sections by title."""
    doc = _own_doc(cls)
    marks = list(_SECTION.finditer(doc))
    ends = [mark.start() for mark in marks[1:]] + [len(doc)]
    sections = {
        mark["title"]: doc[mark.end() : end].strip("\n")
        for mark, end in zip(marks, ends, strict=False)
    }
    return doc[: marks[0].start() if marks else len(doc)].strip(), sections


def parameter_docs(cls: type[Any]) -> dict[str, str]:
    """Return what the ``Parameters`` section says of each parameter, on one line."""
    docs: dict[str, str] = {}
    names: list[str] = []
    for line in split_docstring(cls)[1].get("Parameters", "").splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.split(" : ")[0].split(",")]
            docs |= dict.fromkeys(names, "")
        else:
            docs |= {name: f"{docs[name]} {line.strip()}".strip() for name in names}
    return docs


def _own_doc(cls: type[Any]) -> str:
    doc = inspect.cleandoc(cls.__doc__ or "")
    # Without a docstring, dataclass writes a signature, which describes nothing.
    return "" if doc.startswith(f"{cls.__name__}(") else doc
