"""A report over several machines: one comparison of objectives, times kept apart."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nmflab
from nmflab.config import ConfigError
from nmflab.contracts import Dataset
from nmflab.report.content import Bullets, Figure, Prose, Section, Table
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.machines import on_machine
from nmflab.report.reading.material import Material, gather
from nmflab.report.sections.merged.apart import by_machine
from nmflab.report.sections.merged.section import merged_section
from nmflab.report.sections.merged.times import times_table
from nmflab.report.sections.merged.warnings import merge_warnings
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.use import use_sentences
from nmflab.report.sections.warnings.section import warnings_section
from nmflab.sharing import merged_report
from nmflab.sharing.merging import default_folder
from nmflab.store import MergedStore, Store, StoreError
from tests.report.conftest import RATINGS, Study


def write(
    folder: Path,
    seeds: range,
    *,
    host: str = "alpha",
    solvers: tuple[str, ...] = ("mu",),
    pace: float = 1.0,
    steps: int = 60,
    data: str = "print",
    **provenance: Any,
) -> Path:
    """Write a study whose runs take `pace` CPU-seconds each; return its folder."""
    study = Study(folder)
    study.dataset("ratings", Dataset(X=RATINGS), fingerprint=data)
    for solver in solvers:
        for seed in seeds:
            study.fitted(
                RATINGS,
                fingerprint=data,
                k=2,
                seed=seed,
                steps=steps,
                solver=solver,
                dataset="ratings",
                record={"seconds": 2 * pace, "cpu_seconds": pace},
            )
    study.close(provenance={"host": host, **provenance})
    return folder


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Return a study of four seeds on alpha, and one on beta that repeats two."""
    return [
        write(tmp_path / "first", range(4), pace=1.0),
        write(tmp_path / "second", range(2, 5), host="beta", pace=3.0),
    ]


def read(folders: list[Path]) -> Material:
    """Return the material of a merge; its store stays open."""
    return gather(MergedStore(folders), all_sweeps=True)


def table_of(section: Section, table_id: str) -> list[list[str]]:
    """Return the texts of a table's cells."""
    (table,) = (b for b in section.blocks if isinstance(b, Table) and b.id == table_id)
    return [[cell.text for cell in row] for row in table.rows]


def test_seeds_of_several_machines_are_one_group(two: list[Path]) -> None:
    """Objectives do not depend on who computed them: five seeds, each once."""
    (group,) = group_runs(read(two))
    assert group.n_seeds == 5


def test_times_in_groups_are_those_of_one_machine(two: list[Path]) -> None:
    """The busiest one's; those of the others are in no mean."""
    material = read(two)
    (group,) = group_runs(material)
    assert [machine.label for machine in material.clocks.machines] == ["alpha", "beta"]
    assert group.cpu_seconds is not None
    assert (group.cpu_seconds.n, group.cpu_seconds.mean) == (4, 1.0)


def test_the_part_of_a_machine_holds_its_repetitions_with_its_times(
    two: list[Path],
) -> None:
    """What beta made of the same runs counts for beta."""
    material = read(two)
    part = on_machine(material, material.clocks.machines[1])
    assert sorted(part.runs["seed"]) == [2, 3, 4]
    assert set(part.runs["cpu_seconds"]) == {3.0}
    assert part.metrics["relative_error"].notna().all()
    assert not part.clocks.several


def test_a_study_of_one_machine_keeps_all_its_times(tmp_path: Path) -> None:
    """Nothing is parted where there is one clock, and no section speaks of it."""
    folder = write(tmp_path / "alone", range(2))
    with Store.open(folder) as store:
        material = gather(store)
        assert material.runs["cpu_seconds"].notna().all()
        assert merged_section(material) is None
        assert merge_warnings(material) == []


def test_a_study_continued_on_another_machine_keeps_times_apart(
    tmp_path: Path,
) -> None:
    """The same care without a merge: a folder may have moved."""
    write(tmp_path / "moved", range(2))
    write(tmp_path / "moved", range(2, 3), host="beta", pace=9.0)
    with Store.open(tmp_path / "moved") as store:
        material = gather(store, all_sweeps=True)
        (group,) = group_runs(material)
        section = merged_section(material)
    assert group.cpu_seconds is not None
    assert group.cpu_seconds.high == 1.0
    assert section is not None
    assert section.title == "Machines"


def test_hosts_of_one_name_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    """Another processor is another machine, whatever it is called."""
    a = write(tmp_path / "a", range(1), cpu="old")
    b = write(tmp_path / "b", range(1, 2), cpu="new")
    labels = [machine.label for machine in read([a, b]).clocks.machines]
    assert labels == ["alpha (old)", "alpha (new)"]


def test_libraries_that_were_loaded_later_make_no_other_machine(
    tmp_path: Path,
) -> None:
    """One sweep knew of one library, another of two: it is one machine."""
    one = {"internal_api": "openblas", "version": "1"}
    two = {"internal_api": "openblas", "version": "2"}
    a = write(tmp_path / "a", range(1), blas=[one])
    b = write(tmp_path / "b", range(1, 2), blas=[one, two])
    c = write(tmp_path / "c", range(2, 3), blas=[{**one, "version": "3"}])
    labels = [machine.label for machine in read([a, b, c]).clocks.machines]
    assert labels == ["alpha (openblas 1, openblas 2)", "alpha (openblas 3)"]


def test_the_section_says_who_made_what(two: list[Path]) -> None:
    """Studies and machines with their counts, repetitions included."""
    section = merged_section(read(two))
    assert section is not None
    studies = table_of(section, "studies")
    assert [row[:3] for row in studies] == [
        ["first", "alpha", "4"],
        ["second", "beta", "3"],
    ]
    machines = table_of(section, "machines")
    assert [[row[0], row[-1]] for row in machines] == [["alpha", "4"], ["beta", "3"]]
    (notes,) = (b.items for b in section.blocks if isinstance(b, Bullets))
    assert list(notes) == [
        "2 runs were made in first and in second with the same digits: counted once,"
        " the times of both kept."
    ]


def test_times_of_a_common_setting_stand_side_by_side(two: list[Path]) -> None:
    """The median of each, and their ratio: 3 times."""
    ratio, table = times_table(read(two))
    assert isinstance(ratio, Prose)
    assert "beta took 3 times the CPU seconds of alpha" in ratio.text
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]][-2:] == ["1 s", "3 s"]


def test_machines_without_a_common_setting_are_not_compared(tmp_path: Path) -> None:
    """A solver here and another there say nothing of the machines."""
    a = write(tmp_path / "a", range(2), solvers=("mu",))
    b = write(tmp_path / "b", range(2), solvers=("hals",), host="beta")
    (said,) = times_table(read([a, b]))
    assert isinstance(said, Prose)
    assert said.text.startswith("No setting was finished on two machines")


def test_different_digits_are_a_warning_in_red(tmp_path: Path) -> None:
    """It says which runs, which figure, by how much, and what they are called."""
    a = write(tmp_path / "a", range(2))
    b = write(tmp_path / "b", range(2), steps=61, host="beta")
    material = read([a, b])
    (warning,) = merge_warnings(material)
    assert warnings_section(material, group_runs(material)).blocks[0] == warning
    assert warning.tone == "danger"
    assert warning.text.startswith(
        "2 runs were made in a and in b with different digits"
    )
    assert "solver mu" in warning.text
    assert "the final objective differs by up to " in warning.text
    assert warning.text.endswith("under the name that ends in [b].")


def test_different_data_under_one_name_are_a_warning_in_red(tmp_path: Path) -> None:
    """Two data sets are never ranked together because they share a name."""
    a = write(tmp_path / "a", range(1), data="one")
    b = write(tmp_path / "b", range(1), data="two", host="beta")
    (warning,) = merge_warnings(read([a, b]))
    assert warning.tone == "danger"
    assert "dataset ratings stands for different data" in warning.text
    assert "ratings [a] (a) and ratings [b] (b)" in warning.text


def test_versions_that_results_depend_on_are_named(tmp_path: Path) -> None:
    """Runs are pooled over them, which a reader must know."""
    a = write(tmp_path / "a", range(1), origins={"numpy": "1.26"})
    b = write(tmp_path / "b", range(1, 2), host="beta", origins={"numpy": "2.4"})
    (warning,) = merge_warnings(read([a, b]))
    assert warning.text.startswith("numpy differs: 1.26 in a and 2.4 in b.")


def test_a_section_about_time_is_made_for_each_machine(two: list[Path]) -> None:
    """Under a heading each, with figures whose names differ."""
    seen: list[list[int]] = []

    def build(part: Material, groups: Any) -> Section:
        seen.append(sorted(part.runs["seed"]))
        return Section("time", "Time", [Figure("curve", "", "", {})])

    material = read(two)
    section = by_machine(build, material, group_runs(material))
    assert seen == [[0, 1, 2, 3], [2, 3, 4]]
    assert section is not None
    told = [getattr(b, "text", getattr(b, "id", "")) for b in section.blocks]
    assert told == ["On alpha", "curve", "On beta", "curve-2"]


def test_the_report_is_written_into_a_folder_of_its_own(
    two: list[Path], tmp_path: Path
) -> None:
    """Page, tables with each machine's own times; no study is touched."""
    before = [(folder / "runs.sqlite").read_bytes() for folder in two]
    page = merged_report(two, out=tmp_path / "both")
    assert page == tmp_path / "both" / "index.html"
    assert [(folder / "runs.sqlite").read_bytes() for folder in two] == before
    assert not any((folder / "report").exists() for folder in two)
    with (tmp_path / "both" / "runs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = {(row["machine"], row["seed"]): float(row["cpu_seconds"]) for row in rows}
    assert times[("alpha", "2")] == 1.0
    assert times[("beta", "2")] == 3.0
    assert len(rows) == 7
    assert np.isfinite([float(row["relative_error"]) for row in rows]).all()


def test_studies_are_merged_from_python(
    two: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``study.report(other)`` asks for what the command does."""
    asked: list[tuple[list[Path], Path | None]] = []

    def noted(folders: list[Path], *, out: Path | None = None) -> Path:
        asked.append((folders, out))
        return Path("page")

    monkeypatch.setattr("nmflab.commands.report", noted)
    first, second = map(nmflab.Study, two)
    assert first.report(second, out=Path("both")) == Path("page")
    assert asked == [(two, Path("both"))]


def test_a_report_is_written_into_no_study(two: list[Path]) -> None:
    """Neither one of those merged nor another."""
    with pytest.raises(ConfigError, match="is another study, which is left as it is"):
        merged_report(two, out=two[0] / "report")


def test_the_same_study_twice_is_refused(two: list[Path]) -> None:
    """Merging a study with itself would double every run."""
    with pytest.raises(StoreError, match="name each one once"):
        merged_report([two[0], two[0]])


def test_the_default_folder_is_named_after_the_studies() -> None:
    """Below ``studies``, with characters any file system takes, and not too long."""
    assert default_folder(["a", "x/b c"]) == Path("studies/a+x-b-c-report")
    assert len(default_folder(["long" * 20] * 3).name) < 130


def test_the_summary_names_the_machine_whose_times_it_tells(tmp_path: Path) -> None:
    """Times of two machines are not one clock."""
    folders = []
    for host in ("alpha", "beta"):
        study = Study(tmp_path / host)
        fingerprint = study.dataset("data", Dataset(X=RATINGS))
        for solver, cpu in (("mu", 3.0), ("hals", 1.0)):
            for seed in range(2 if host == "alpha" else 1):
                record = {"fingerprint": fingerprint, "objective_value": 1.0}
                record["cpu_seconds"] = cpu
                where = {"solver": solver, "seed": seed + 9 * (host == "beta")}
                study.run({**record, "objective_start": 9.0}, **where)
        study.close(provenance={"host": host})
        folders.append(study.folder)
    material = read(folders)
    found = Findings(material, material, group_runs(material))
    [sentence] = use_sentences(found)
    assert (
        "hals is the cheapest of them, with 1 s of processor time a run on alpha"
        in (sentence.text)
    )
    material.store.close()
