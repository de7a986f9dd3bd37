"""`nmflab compare`: what is the same in two studies, and what is not."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nmflab
from nmflab.reproducing.comparing import compare_studies
from nmflab.reproducing.verdicts import DIFFERENT, SAME, WITHIN
from nmflab.store import Store

from .conftest import ASKED, Typed, read, with_sweep, written


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    """Return a second study with the same record."""
    folder = tmp_path / "copy"
    shutil.copytree(study, folder)
    return folder


def test_two_studies_with_the_same_digits_exit_with_0(
    study: Path, copy: Path, typed: Typed
) -> None:
    """And it is said of how many figures."""
    code, said, _ = typed("compare", str(study), str(copy))
    assert code == 0
    n = len(compare_studies(study, copy).frame())
    assert f"The same to the last bit: all {n} figures of 8 runs." in said
    assert n > 8 * 10
    assert "the same in both" in said


def test_one_digit_that_was_written_to_is_found_and_located(
    study: Path, copy: Path, typed: Typed
) -> None:
    """Its run, both values with all digits, and how far apart."""
    (key, value), *_ = read(
        study,
        "SELECT r.key, r.objective_value FROM runs r JOIN plan p ON p.key=r.key WHERE"
        " p.solver='mu' AND p.seed=1 AND p.dataset='movie_ratings'",
    )
    other = value * (1 + 1e-3)
    written(copy, "UPDATE runs SET objective_value=? WHERE key=?", (other, key))
    code, said, _ = typed("compare", str(study), str(copy))
    assert code == 1
    (line,) = [one for one in said.splitlines() if repr(other) in one][:1]
    assert repr(value) in line
    assert "movie_ratings" in line
    assert "mu" in line
    assert "seed 1" in line
    assert "1.0e-03" in line
    assert "Versions, machine, configuration and data are recorded as the same" in said


def test_a_difference_below_the_tolerance_is_told_and_is_none(
    study: Path, copy: Path
) -> None:
    """The tolerance decides, and that of the dtype is the default."""
    written(copy, "UPDATE metrics SET value=value*(1+1e-10) WHERE name='rmse_all'")
    found = compare_studies(study, copy)
    assert (found.verdict, found.exit_code) == (WITHIN, 0)
    figures = found.frame()
    apart = figures[figures["verdict"] == WITHIN]
    assert set(apart["figure"]) == {"metric rmse_all", "mean rmse_all"}
    assert compare_studies(study, copy, tolerance=1e-12).verdict == DIFFERENT


def test_an_entry_of_a_factor_is_located(study: Path, copy: Path) -> None:
    """By row and column."""
    from nmflab.store.schema import pack, unpack

    ((key, blob),) = read(study, "SELECT key, W FROM factors LIMIT 1")
    W = unpack(blob)
    assert W is not None
    W[3, 1] += 1.0
    written(copy, "UPDATE factors SET W=? WHERE key=?", (pack(W), key))
    figures = compare_studies(study, copy).frame()
    (line,) = figures[figures["verdict"] == DIFFERENT].to_dict("records")
    assert (line["figure"], line["first_key"], line["where"]) == (
        "factor W",
        key,
        "W[3, 1]",
    )


def test_a_point_of_a_convergence_curve_is_compared_and_its_time_is_not(
    study: Path, copy: Path
) -> None:
    """Seconds differ between any two runs."""
    from nmflab.contracts import TRACE_COLUMNS
    from nmflab.store.schema import pack, unpack

    ((key, blob),) = read(study, "SELECT key, points FROM traces LIMIT 1")
    points = unpack(blob)
    assert points is not None
    points[:, TRACE_COLUMNS.index("seconds")] += 5.0
    written(copy, "UPDATE traces SET points=? WHERE key=?", (pack(points), key))
    assert compare_studies(study, copy).verdict == SAME
    points[2, TRACE_COLUMNS.index("objective")] *= 1.5
    written(copy, "UPDATE traces SET points=? WHERE key=?", (pack(points), key))
    figures = compare_studies(study, copy).frame()
    (line,) = figures[figures["verdict"] == DIFFERENT].to_dict("records")
    assert (line["figure"], line["where"]) == ("convergence curve", "objective[2]")


def test_runs_that_the_clock_ended_are_told_apart(study: Path, copy: Path) -> None:
    """How far they come is no property of the method."""
    ((key,),) = read(study, "SELECT min(key) FROM runs")
    written(copy, "UPDATE runs SET objective_value=objective_value*2")
    assert "stop.max_seconds" not in str(compare_studies(study, copy))
    written(copy, "UPDATE runs SET stop='max_seconds' WHERE key=?", (key,))
    said = str(compare_studies(study, copy))
    assert "Of 8 runs that differ, 1 ended by stop.max_seconds" in said


def test_ranks_of_the_report_are_compared(study: Path, copy: Path) -> None:
    """A solver that becomes the better one changes places."""
    solvers = "SELECT key FROM plan WHERE dataset='movie_ratings' AND solver=?"
    for solver, value in (("mu", 1.0), ("apg", 2.0)):
        statement = f"UPDATE runs SET objective_value={value} WHERE key IN ({solvers})"
        written(study, statement, (solver,))
        other = statement.replace(str(value), str(3.0 - value))
        written(copy, other, (solver,))
    found = compare_studies(study, copy)
    ranks = [one for one in found.averages if one.figure == "rank"]
    changed = [one for one in ranks if one.verdict == DIFFERENT]
    told = {(one.run.split()[0], one.first, one.second) for one in changed}
    assert len(ranks) == 4
    assert told == {("mu", "1", "2"), ("apg", "2", "1")}


def test_a_run_that_failed_since_is_told_with_its_reason(
    study: Path, copy: Path, typed: Typed
) -> None:
    """And the exit code says that something changed."""
    written(
        copy,
        "UPDATE runs SET status='error', reason='it broke' WHERE key="
        "(SELECT min(key) FROM runs)",
    )
    code, said, _ = typed("compare", str(study), str(copy))
    assert code == 1
    assert "Runs that ended otherwise (1)" in said
    assert "it broke" in said


def test_runs_that_only_one_study_has_are_named(
    study: Path, tmp_path: Path, typed: Typed
) -> None:
    """The others are compared; a study with fewer runs is not the same."""
    fewer = [one for one in ASKED if not one.startswith("seed=")]
    assert typed(*fewer, "seed=1", "study=./fewer")[0] == 0
    code, said, _ = typed("compare", "studies/small", "./fewer")
    assert code == 1
    assert "4 runs only in the first: movie_ratings, apg, seed 0" in said
    assert "The same to the last bit" in said


def test_another_version_is_listed_and_no_cause_is_claimed(
    study: Path, copy: Path
) -> None:
    """What was not measured is not said."""
    with_sweep(
        copy,
        "provenance",
        lambda known: {**known, "versions": {**known["versions"], "numpy": "1.0"}},
    )
    written(copy, "UPDATE runs SET objective_value=objective_value*2")
    found = compare_studies(study, copy)
    (numpy,) = found.surroundings.versions
    assert (numpy.what, numpy.second) == ("numpy", "1.0")
    assert (
        "These differ as well: numpy. Whether they are the reason was not measured."
        in str(found)
    )


def test_another_source_of_a_solver_is_listed(study: Path, copy: Path) -> None:
    """Though its version is the same."""
    with_sweep(
        copy,
        "provenance",
        lambda known: {
            **known,
            "origins": {**known["origins"], "the source of solver mu": "0" * 32},
        },
    )
    found = compare_studies(study, copy)
    assert found.surroundings.sources == ["the source of solver mu"]


def test_runs_with_other_parameters_are_compared_and_the_key_is_told(
    study: Path, typed: Typed
) -> None:
    """Matched by their labels, since nothing else is the same."""
    other = [one for one in ASKED if not one.startswith("stop")]
    assert typed(*other, "stop.max_steps=7", "study=./other")[0] == 0
    found = compare_studies(study, Path("other"))
    (changed,) = found.surroundings.configuration
    assert (changed.what, changed.first, changed.second) == ("stop.max_steps", "6", "7")
    assert changed.n_runs == found.n_pairs == 8
    assert "configuration. Whether" in str(found)


def test_two_commands_of_one_study_are_compared(study: Path, typed: Typed) -> None:
    """The last two, or those that are named; a run they share is one run."""
    assert typed("compare", str(study))[2].endswith(
        "1 command was given to it; name another study to compare it with\n"
    )
    typed(*[one.replace("6", "7") for one in ASKED], "study=small")
    code, said, _ = typed("compare", str(study))
    assert code == 1
    assert "command 1" in said
    assert "command 2" in said
    _, same, _ = typed("compare", str(study), "sweeps=1,1")
    assert "compared with itself" in same.replace("\n", " ")
    assert "no two runs ended well" in same


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "0 studies given"),
        (("studies/small", "no"), "no study at studies/no"),
        (("studies/small", "studies/small", "tolerance=wide"), "tolerance=wide"),
        (("studies/small", "studies/small", "tolerance=-1"), "tolerance=-1"),
        (("studies/small", "studies/small", "speed=1"), "no option speed="),
        (("studies/small", "studies/small", "sweeps=1,9"), "has no command 9"),
        (("studies/small", "studies/small", "sweeps=1"), "names 1"),
        (("studies/small", "studies/small", "output=a.pdf"), "end it in .csv"),
        (("studies/small", "--all"), "no option --all"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(
    study: Path, typed: Typed, arguments: tuple[str, ...], said: str
) -> None:
    """With exit code 2, before anything is read."""
    code, _, error = typed("compare", *arguments)
    assert code == 2
    assert said in error
    assert "unexpected" not in error


def test_every_figure_is_written_where_it_is_asked_for(
    study: Path, copy: Path, typed: Typed, tmp_path: Path
) -> None:
    """As a table of figures, or as what is printed."""
    import pandas as pd

    typed("compare", str(study), str(copy), "output=all.csv")
    table = pd.read_csv("all.csv")
    assert len(table) == len(compare_studies(study, copy).frame())
    assert set(table["verdict"]) == {SAME}
    typed("compare", str(study), str(copy), "output=said.md")
    text = Path("said.md").read_text(encoding="utf-8")
    assert "| objective | 8 | same to the last bit |" in text


def test_names_from_a_record_are_not_obeyed_by_a_terminal_or_by_markdown(
    study: Path, copy: Path, typed: Typed
) -> None:
    """Escapes, line ends and marks of a label are shown, not followed."""
    hostile = "\x1b[31mred\x07 | <b>\u202e*x*\n# y"
    for folder in (study, copy):
        written(folder, "UPDATE plan SET dataset=? WHERE seed=1", (hostile,))
    written(copy, "UPDATE runs SET objective_value=objective_value*2")
    _, said, _ = typed("compare", str(study), str(copy), "output=said.md")
    for unsafe in ("\x1b", "\x07", "\u202e"):
        assert unsafe not in said
    assert "\n# y" not in said
    text = Path("said.md").read_text(encoding="utf-8")
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "\x1b" not in text


def test_the_same_from_python(study: Path, copy: Path) -> None:
    """A study compares itself; a row a figure."""
    found = nmflab.Study(study).compare(nmflab.Study(copy))
    assert found.is_same
    assert found.n_pairs == 8
    assert nmflab.Study(study).compare(str(copy)).is_same


def test_a_figure_that_only_one_study_has_is_told_and_is_no_difference(
    study: Path, copy: Path
) -> None:
    """An earlier nmflab kept less."""
    written(copy, "UPDATE runs SET kappa=NULL")
    found = compare_studies(study, copy)
    assert found.is_same
    assert "Only the first has these figures: kappa." in str(found)


def test_a_setting_that_an_earlier_nmflab_did_not_have_is_no_difference(
    study: Path, copy: Path
) -> None:
    """It was at what is the default now; any other value is told."""

    def without(base: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in base.items() if k not in ("refit", "advise")}

    with_sweep(copy, "base", without)
    found = compare_studies(study, copy)
    assert found.is_same
    assert found.surroundings.configuration == []
    with_sweep(copy, "base", lambda base: {**base, "metrics": ["rmse"]})
    (changed,) = compare_studies(study, copy).surroundings.configuration[:1]
    assert (changed.what, changed.second) == ("metrics", "rmse")


def test_a_study_without_a_finished_run_is_not_the_same_as_one_with(
    study: Path, copy: Path
) -> None:
    """No figure can be compared, and that is said."""
    written(copy, "DELETE FROM runs")
    found = compare_studies(study, copy)
    assert found.exit_code == 1
    assert "No figure of 8 runs can be compared" in str(found)


def test_two_studies_that_failed_alike_are_not_called_the_same(
    study: Path, copy: Path
) -> None:
    """All their runs ended in one way, and there is no figure to go by."""
    for folder in (study, copy):
        written(folder, "UPDATE runs SET status='timeout', reason='killed'")
    found = compare_studies(study, copy)
    assert "No figure of 8 runs can be compared" in str(found)
    assert not found.is_same
    assert found.exit_code == 1


def test_metrics_over_seeds_are_compared(study: Path, typed: Typed) -> None:
    """Of groups whose runs are all there in both."""
    asked = [one.replace("rmse,", "rmse,seeds_cosine,") for one in ASKED]
    for name in ("one", "two"):
        assert typed(*asked, f"study=./{name}")[0] == 0
    first, second = Path("one"), Path("two")
    with Store.open(first) as store:
        assert len(store.group_metrics())
    written(second, "UPDATE seed_metrics SET value=value/2 WHERE value>0")
    found = compare_studies(first, second)
    apart = {one.figure for one in found.digits if one.verdict == DIFFERENT}
    assert apart
    assert all(name.startswith("metric seeds_cosine") for name in apart)
    runs = {one.run for one in found.digits if one.figure in apart}
    assert all("and the other seed" in run for run in runs)


def test_a_comparison_of_a_changed_data_set_says_so(study: Path, copy: Path) -> None:
    """By both fingerprints."""
    written(
        copy,
        "UPDATE runs SET fingerprint='f' WHERE fingerprint=(SELECT"
        " min(fingerprint) FROM runs)",
    )
    (changed,) = compare_studies(study, copy).surroundings.data
    assert (changed.second, changed.n_runs) == ("f", 4)
    assert json.dumps(changed.first)


def zipped(study: Path, name: str) -> Path:
    """Write an archive of a study's record; return it."""
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(study / "runs.sqlite", "small/runs.sqlite")
        archive.write(study / "study.yaml", "small/study.yaml")
    return Path(name)


def test_an_archive_is_compared_as_the_study_it_is_of(
    study: Path, typed: Typed
) -> None:
    """Under its own name."""
    zipped(study, "small.zip")
    code, said, _ = typed("compare", "small.zip", str(study))
    assert code == 0
    assert said.splitlines()[0] == "First:  small.zip"
    code, _, error = typed("compare", "small.zip", "small.zip", "sweeps=1,9")
    assert (code, error) == (2, "nmflab: small.zip has no command 9; it has these: 1\n")


def damaged(archive: Path) -> None:
    """Turn over bytes in the middle of what is packed first."""
    content = bytearray(archive.read_bytes())
    content[500:900] = bytes(255 - one for one in content[500:900])
    archive.write_bytes(content)


def cut_short(archive: Path) -> None:
    """Keep the first half, as of a download that broke off."""
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("command", ["compare", "reproduce"])
@pytest.mark.parametrize("harm", [damaged, cut_short])
def test_a_damaged_archive_is_told_in_a_sentence(
    study: Path, typed: Typed, command: str, harm: Callable[[Path], None]
) -> None:
    """Which, and what to do."""
    archive = zipped(study, "small.zip")
    harm(archive)
    names = ["small.zip", str(study)][: 1 + (command == "compare")]
    code, _, error = typed(command, *names)
    assert code == 2
    assert error.startswith("nmflab: small.zip cannot be unpacked (")
    assert "fetch or write it again" in error


@pytest.mark.parametrize("command", ["compare", "reproduce"])
def test_an_archive_of_something_else_is_refused_by_its_name(
    study: Path, typed: Typed, command: str
) -> None:
    """Not by that of the folder it was unpacked to."""
    with zipfile.ZipFile("other.zip", "w") as archive:
        archive.writestr("thesis.txt", "mine")
    names = ["other.zip", str(study)][: 1 + (command == "compare")]
    code, _, error = typed(command, *names)
    assert code == 2
    assert error.startswith("nmflab: other.zip is no archive of a study: neither")
