"""What to cite: the software, each plugin and data set, from the store alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nmflab.citing import given_entries
from nmflab.contracts import Dataset
from nmflab.report.content import Details, Prose, Section, Table
from nmflab.report.reading.material import Material, gather
from nmflab.report.sections.citations import citations_section, references_bib
from nmflab.store import Store
from tests.report.conftest import RATINGS, Study

ANG = 'A. M. S. Ang, N. Gillis, "Accelerating NMF", Neural Computation 31(2), 2019.'
MOVIES = "@misc{movies, title={Movies & more}}"


def record(*references: str, distribution: str = "nmflab", **more: Any) -> Any:
    """Return what a sweep records of a plugin."""
    return {
        "distribution": distribution,
        "version": "1.0",
        "references": list(references),
        **more,
    }


def written(folder: Path, plugins: Any, citation: str = MOVIES) -> Material:
    """Return the material of a study whose sweep records these plugins."""
    study = Study(folder)
    extras = {"citation": citation} if citation else {}
    data = study.dataset("ratings", Dataset(X=RATINGS, extras=extras))
    study.fitted(RATINGS, fingerprint=data, dataset="ratings", k=2, seed=0)
    study.close(provenance={"plugins": plugins} if plugins is not None else {})
    return gather(Store.open(folder))


def rows(section: Section | None) -> dict[str, list[str]]:
    """Return the rows of the table of what was used, by what they are of."""
    assert section is not None
    table, _ = (block for block in section.blocks if isinstance(block, Table))
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def notes(section: Section | None) -> str:
    """Return the paragraphs of a section."""
    assert section is not None
    return " ".join(block.text for block in section.blocks if isinstance(block, Prose))


def test_every_plugin_is_told_with_its_source(tmp_path: Path) -> None:
    """Kind, distribution and version, and the key of the work."""
    plugins = {"solver": {"hals": record(ANG)}, "init": {"random": record(ANG)}}
    found = rows(citations_section(written(tmp_path / "s", plugins)))
    told = ["nmflab 1.0", "ang2019accelerating"]
    assert found["hals"] == ["solver", *told]
    assert found["random"] == ["init", *told]


def test_every_work_is_told_in_full(tmp_path: Path) -> None:
    """As one reads it, without LaTeX, under its key."""
    section = citations_section(written(tmp_path / "s", {"solver": {"x": record(ANG)}}))
    assert section is not None
    _, works = (block for block in section.blocks if isinstance(block, Table))
    told = {row[0].text: row[1].text for row in works.rows}
    assert told["ang2019accelerating"] == (
        "A. M. S. Ang, N. Gillis, “Accelerating NMF”, Neural Computation 31(2), 2019."
    )
    assert told["movies"] == "“Movies & more”."


def test_nmflab_itself_is_cited_with_its_version(tmp_path: Path) -> None:
    """The version that made the runs, not the one that writes the report."""
    bib = references_bib(written(tmp_path / "s", {}))
    (entry,) = (one for one in given_entries(bib) if one.key == "nmflab")
    assert entry.fields["version"] == "0.1.0"


def test_a_distribution_of_plugins_is_cited_as_software(tmp_path: Path) -> None:
    """Whose solver was used is to be named."""
    theirs = record(distribution="nmf-fast")
    bib = references_bib(written(tmp_path / "s", {"solver": {"fast": theirs}}))
    assert "nmf-fast" in {entry.key for entry in given_entries(bib)}


def test_a_data_set_is_cited_as_its_authors_ask(tmp_path: Path) -> None:
    """Their BibTeX under their key; a docstring's note beside it says no more."""
    told = record("The ratings, https://example.org.", name="ratings")
    material = written(tmp_path / "s", {"dataset": {"ratings": told}})
    assert rows(citations_section(material))["ratings"][-1] == "movies"
    assert "example.org" not in references_bib(material)


def test_a_work_that_several_cite_stands_once(tmp_path: Path) -> None:
    """One entry, however many plugins build on it."""
    plugins = {"solver": {"hals": record(ANG), "mu": record(ANG)}}
    bib = references_bib(written(tmp_path / "s", plugins))
    assert bib.count("Accelerating NMF") == 1


def test_what_has_no_source_says_why(tmp_path: Path) -> None:
    """Nothing that was used is passed over."""
    plugins = {
        "metric": {"rmse": record()},
        "dataset": {"ratings": record(name="ratings", terms="unknown")},
    }
    said = notes(citations_section(written(tmp_path / "s", plugins, citation="")))
    assert "metric rmse (its documentation names no paper" in said
    assert "dataset ratings (no publisher is recorded: cite the source" in said


def test_a_study_of_an_earlier_nmflab_says_what_was_not_recorded(
    tmp_path: Path,
) -> None:
    """And how to have it recorded without running anything again."""
    section = citations_section(written(tmp_path / "s", None))
    assert "Give the sweep's command again: finished runs are kept" in notes(section)
    assert rows(section)["ratings"][-1] == "movies"


def test_the_whole_bibliography_is_folded_into_the_page(tmp_path: Path) -> None:
    """To be copied where the page is all a reader has."""
    section = citations_section(written(tmp_path / "s", {}))
    assert section is not None
    folded = [block for block in section.blocks if isinstance(block, Details)]
    assert [block.summary for block in folded] == ["references.bib"]


def test_an_empty_study_has_nothing_to_cite(tmp_path: Path) -> None:
    """No command was given: there is no section, and no error."""
    study = Study(tmp_path / "empty")
    study.writer.close()
    with Store.open(tmp_path / "empty") as store:
        assert citations_section(gather(store)) is None
