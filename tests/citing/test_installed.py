"""Every plugin that nmflab brings names its sources in a form that is understood."""

from __future__ import annotations

from nmflab.citing import bibliography, entries_of, references_in
from nmflab.docstrings import split_docstring
from nmflab.registry import KINDS, Registry, load

# Own data, generated data and counts of what everyone defines alike.
WITHOUT = {
    "dataset": {"array", "file", "texts", "synthetic", "purchase_patterns"},
    "init": set(),
    "solver": set(),
}


def references(registry: Registry, kind: str) -> dict[str, list[str]]:
    """Return the references of nmflab's own plugins of a kind, by name."""
    return {
        name: references_in(
            split_docstring(KINDS[kind].class_of(spec))[1].get("References", "")
        )
        for name, spec in registry.specs(kind).items()
        if registry.owners[kind, name].distribution == "nmflab"
    }


def test_every_solver_start_and_published_data_set_names_a_source() -> None:
    """All but those that have none to name."""
    registry = load()
    bare = {
        kind: {name for name, told in references(registry, kind).items() if not told}
        for kind in WITHOUT
    }
    assert bare == WITHOUT


def test_every_reference_of_a_method_is_understood() -> None:
    """Author, title and year of each; none ends as a mere note."""
    registry = load()
    unread = [
        (kind, name, told)
        for kind in ("init", "solver", "metric")
        for name, many in references(registry, kind).items()
        for told in many
        for entry in entries_of(told)
        if not {"author", "title", "year"} <= set(entry.fields)
    ]
    assert unread == []


def test_one_work_has_one_key_over_all_plugins() -> None:
    """The bibliography of everything installed holds each title once."""
    registry = load()
    cited = [
        (f"{kind} {name}", [e for told in many for e in entries_of(told)])
        for kind in KINDS
        for name, many in references(registry, kind).items()
    ]
    titles = [e.identity for e in bibliography(cited).entries.values()]
    assert len(titles) == len(set(titles)) > 80
