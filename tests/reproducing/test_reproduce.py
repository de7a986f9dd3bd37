"""`nmflab reproduce`: a study run again from its record."""

from __future__ import annotations

import hashlib
import shutil
import signal
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import nmflab
from nmflab.report.content import Code
from nmflab.report.reading.material import gather
from nmflab.report.sections.provenance import provenance_section
from nmflab.reproducing.again import reproduced
from nmflab.reproducing.verdicts import DIFFERENT
from nmflab.session import registry
from nmflab.store import Store, StudyWriter
from nmflab.testing.creator import PluginCreator, solver_plugin

from .conftest import ASKED, Typed, read, with_sweep, written

REPRODUCE = ("reproduce", "studies/small")


def test_a_study_run_again_has_the_same_digits_to_the_last_bit(
    study: Path, typed: Typed
) -> None:
    """Every run is computed anew, in a folder beside the study."""
    code, said, _ = typed(*REPRODUCE)
    assert code == 0
    assert "The same to the last bit" in said
    assert "of 8 runs." in said
    with Store.open(Path("studies/small-reproduced")) as store:
        runs = store.runs()
    assert set(runs["status"]) == {"ok"}
    assert not runs["reused"].any()


def test_the_study_itself_is_left_as_it_is(study: Path, typed: Typed) -> None:
    """Not one byte of it changes."""

    def bytes_of(folder: Path) -> dict[str, str]:
        files = sorted(one for one in folder.rglob("*") if one.is_file())
        return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}

    before = bytes_of(study)
    typed(*REPRODUCE)
    assert bytes_of(study) == before


def test_a_digit_of_the_record_that_was_written_to_is_found(
    study: Path, typed: Typed
) -> None:
    """With its run and both values; the exit code is 1."""
    ((key, value),) = read(study, "SELECT key, objective_value FROM runs LIMIT 1")
    wrong = value * 1.001
    written(study, "UPDATE runs SET objective_value=? WHERE key=?", (wrong, key))
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert any(repr(wrong) in line and repr(value) in line for line in said.split("\n"))
    assert "Different: 2 of" in said  # the run's own, and the mean over its seeds


def test_a_sample_covers_solvers_and_data_sets_and_only_whole_lines_have_means(
    study: Path, typed: Typed
) -> None:
    """Of 8 runs four: each solver on each data set, half of the seeds."""
    done = reproduced(study, sample=4, quiet=True)
    assert done.comparison is not None
    assert done.exit_code == 0
    assert done.comparison.n_pairs == 4
    assert not done.comparison.only_first
    assert done.comparison.averages == []
    with Store.open(done.folder) as store:
        runs = store.runs()
    assert len(set(zip(runs["dataset"], runs["solver"], strict=True))) == 4


def test_a_larger_sample_reuses_what_the_smaller_made(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does the whole; the folder keeps what was finished."""
    made = _count_fits(monkeypatch)
    reproduced(study, sample=3, quiet=True)
    assert len(made) == 3
    done = reproduced(study, quiet=True)
    assert len(made) == 8
    assert done.comparison is not None
    assert done.comparison.n_pairs == 8
    assert done.exit_code == 0


def test_a_reproduction_that_was_cut_off_goes_on(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was finished when the process died is not made again."""
    with monkeypatch.context() as patched:
        made = _count_fits(patched, die_after=3)
        with pytest.raises(RuntimeError, match="killed"):
            reproduced(study, quiet=True)
    assert len(made) == 3
    later = _count_fits(monkeypatch)
    done = reproduced(study, quiet=True)
    assert len(later) == 5
    assert set(later).isdisjoint(made)
    assert done.exit_code == 0


def test_an_interrupted_reproduction_says_how_to_go_on(
    study: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 130; what was finished is compared, the rest is no difference."""
    with monkeypatch.context() as patched:
        made = _count_fits(patched, interrupt_after=3)
        code, said, _ = typed(*REPRODUCE)
    assert code == 130
    assert f"Interrupted: {8 - len(made)} runs left." in said
    assert f"of {len(made)} runs." in said
    assert "only in the first" not in said
    assert typed(*REPRODUCE)[0] == 0


def _count_fits(
    monkeypatch: pytest.MonkeyPatch,
    *,
    die_after: int | None = None,
    interrupt_after: int | None = None,
) -> list[str]:
    """Return a list that grows by the key of each run that is written."""
    made: list[str] = []
    add = StudyWriter.add_fit

    def counted(self: StudyWriter, key: str, *rest: Any) -> None:
        if len(made) == die_after:
            raise RuntimeError("killed")
        add(self, key, *rest)
        made.append(key)
        if len(made) == interrupt_after:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(StudyWriter, "add_fit", counted)
    return made


def test_a_folder_with_something_else_in_it_is_refused(
    study: Path, typed: Typed
) -> None:
    """A study of another record, or any file."""
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("mine", encoding="utf-8")
    code, _, error = typed(*REPRODUCE, "into=./mine")
    assert code == 2
    assert "holds something else" in error
    assert [one.name for one in Path("mine").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("into", ["small", "studies/small/again", "./studies/small"])
def test_the_study_s_own_folder_is_refused(
    study: Path, typed: Typed, into: str
) -> None:
    """It is left as it is, and so is what lies in it."""
    code, _, error = typed(*REPRODUCE, f"into={into}")
    assert code == 2
    assert "lies in the study itself" in error


def test_what_was_made_for_one_record_is_not_taken_for_another(
    study: Path, typed: Typed
) -> None:
    """The folder is marked with what it reproduces."""
    typed(*REPRODUCE, "sample=1", "into=./again")
    shutil.copytree(study, "studies/other")
    written(Path("studies/other"), "UPDATE sweeps SET started='2020-01-01T00:00:00'")
    code, _, error = typed("reproduce", "other", "into=./again")
    assert code == 2
    assert "holds something else" in error


def test_a_plugin_that_is_gone_is_named_with_its_distribution(
    plugins: PluginCreator,
    fresh_session: None,
    typed: Typed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the version to install; the other runs are made and compared."""
    monkeypatch.chdir(tmp_path)
    source = solver_plugin("borrowed")
    plugins.add("borrowed", source, distribution="nmflab-borrowed", version="1.2")
    asked = [one.replace("apg,mu", "mu,borrowed") for one in ASKED]
    code, _, error = typed(*asked, "study=small")
    assert code == 0, error
    monkeypatch.setenv("NMFLAB_DISABLE_PLUGINS", "borrowed")
    registry.cache_clear()
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert (
        "Not run again (4 runs): solver 'borrowed' is not installed; it came from"
        " nmflab-borrowed 1.2: pip install 'nmflab-borrowed==1.2'." in said
    )
    assert "of 4 runs." in said


def test_a_metric_that_is_gone_is_told_and_the_others_are_compared(
    study: Path, typed: Typed
) -> None:
    """The record of an older study may not say where it came from."""

    def with_another(base: dict[str, Any]) -> dict[str, Any]:
        return {**base, "metrics": [*base["metrics"], "lost"]}

    with_sweep(study, "base", with_another)
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert "Not measured: metric 'lost' is not installed; the record does not" in said
    assert "The same to the last bit" in said


def test_a_parameter_that_a_plugin_no_longer_has_is_told(
    study: Path, typed: Typed
) -> None:
    """Its runs are left out; the others are made."""
    written(
        study,
        "UPDATE plan SET changes=replace(changes, '\"inner\"', '\"within\"')"
        " WHERE solver='mu'",
    )
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert "Not run again (4 runs): its configuration is refused: solver.within" in said


def file_study(typed: Typed, X: np.ndarray) -> None:
    """Make a study of a file in the working folder."""
    np.savetxt("X.csv", X, delimiter=",")
    quick = [one for one in ASKED if not one.startswith(("dataset", "seed"))]
    asked = (*quick, "dataset=file", "dataset.path=X.csv", "dataset.header=false")
    code, said, error = typed(*asked, "study=small")
    assert code == 0, said + error


LARGE = np.random.default_rng(0).random((420, 260))  # more than a store keeps
SMALL = np.random.default_rng(0).random((12, 8))


def test_data_that_changed_are_not_run_on(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both fingerprints are told, and nothing is compared."""
    monkeypatch.chdir(tmp_path)
    file_study(typed, LARGE)
    np.savetxt("X.csv", LARGE + 1, delimiter=",")
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert "data set file has changed: its fingerprint was" in said
    assert "The same" not in said


def test_data_that_are_gone_are_told(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the loader says."""
    monkeypatch.chdir(tmp_path)
    file_study(typed, LARGE)
    Path("X.csv").unlink()
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert "data set file could not be loaded here" in said
    assert "X.csv" in said


def test_data_that_the_study_keeps_are_taken_from_it(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small X stands in the store: the file is not needed, to the last bit."""
    monkeypatch.chdir(tmp_path)
    file_study(typed, SMALL)
    Path("X.csv").unlink()
    code, said, _ = typed(*REPRODUCE)
    assert code == 0
    assert "taken from the study, which keeps it whole" in said
    assert "The same to the last bit" in said
    assert "Configuration that differs" not in said


@pytest.mark.parametrize("sparse", [False, True])
def test_data_from_memory_are_run_on_again_where_the_study_keeps_them(
    typed: Typed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sparse: bool,
) -> None:
    """Even where the cache does not have them, as on another machine."""
    from scipy.sparse import csr_array

    monkeypatch.chdir(tmp_path)
    X = csr_array(np.where(SMALL > 0.5, SMALL, 0)) if sparse else SMALL
    quick = [one for one in ASKED if not one.startswith("dataset")]
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    done = nmflab.study(*quick, X=X, missing="unstored" if sparse else "none")
    shutil.rmtree(tmp_path / "cache")
    found = nmflab.reproduce(done)
    assert found.exit_code == 0
    assert "taken from the study" in str(found)


def test_data_from_memory_that_were_too_large_to_keep_cannot_be_run_on_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is said how to get them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    done = nmflab.study("solver=mu", *ASKED[4:], X=LARGE)
    shutil.rmtree(tmp_path / "cache")
    found = nmflab.reproduce(done)
    assert found.exit_code == 1
    assert found.comparison is None
    (one,) = found.obstacles
    assert "these data came from a Python session" in one.reason


def test_a_summary_alone_is_enough_to_run_it_again(study: Path, typed: Typed) -> None:
    """All runs of it; there are no digits to compare with, and that is said."""
    Path("alone").mkdir()
    shutil.copy(study / "study.yaml", "alone")
    code, said, _ = typed("reproduce", "./alone")
    assert code == 0
    assert "holds no digits" in said
    assert "Runs made: 8 ok." in said
    assert typed("compare", str(study), "./alone-reproduced")[0] == 0


def test_a_summary_s_fingerprints_are_held_against_the_data(
    study: Path, typed: Typed
) -> None:
    """The one thing of it that can be compared."""
    path = study / "study.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["sweep"]["data"][0]["fingerprint"] = "0" * 32
    Path("study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    code, said, _ = typed("reproduce", "./study.yaml", "into=./again")
    assert code == 1
    assert "has changed: its fingerprint was 00000000" in said
    assert "Runs made: 4 ok." in said


def test_an_archive_is_enough_to_run_it_again_and_compare(
    study: Path, typed: Typed
) -> None:
    """Nothing of it is written outside a temporary folder."""
    with zipfile.ZipFile("small.zip", "w") as archive:
        for name in ("study.yaml", "runs.sqlite"):
            archive.write(study / name, f"small/{name}")
        archive.writestr("../../escaped/runs.sqlite.txt", "no")
        archive.writestr("small/../../factors/escaped.npz", "no")
    code, said, _ = typed("reproduce", "small.zip", "sample=2")
    assert code == 0
    assert "First:  small.zip" in said
    assert Path("small-reproduced/runs.sqlite").exists()
    outside = Path.cwd().parent
    assert not list(outside.rglob("escaped*"))


def test_the_class_of_a_plugin_is_not_taken_from_a_record(
    study: Path, typed: Typed
) -> None:
    """What looks like an import or an environment variable is text."""
    content = yaml.safe_load((study / "study.yaml").read_text(encoding="utf-8"))
    node = content["config"]["solver"]
    node["_target_"] = "os.system"
    Path("study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    _, said, _ = typed("reproduce", "study.yaml", "into=./again")
    assert "solver._target_: " in said
    content["config"]["solver"] = {"name": "os.system"}
    Path("study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    _, said, _ = typed("reproduce", "study.yaml", "into=./other")
    assert "solver 'os.system' is not installed" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"config": None}, "config is missing"),
        ({"sweep": {"spaces": [3]}}, "sweep holds 3"),
        ({"sweep": {"spaces": [{"axes": {"colour": [1]}}]}}, "sweep.colour"),
        ({"sweep": {"spaces": [{"axes": {"seed": 7}}]}}, "sweep.seed"),
        (
            {
                "sweep": {
                    "spaces": [
                        {
                            "axes": {
                                "seed": list(range(1500)),
                                "n_components": list(range(1, 1001)),
                            }
                        }
                    ]
                }
            },
            "more than 1,000,000 runs",
        ),
        ({"sweep": {"spaces": [{"settings": {"stop": {"soon": 1}}}]}}, "stop.soon"),
        ({"sweep": {"spaces": [{"settings": {"restarts": "x"}}]}}, "restarts='x'"),
    ],
)
def test_a_summary_that_was_written_to_is_refused_in_a_sentence(
    study: Path, typed: Typed, change: dict[str, Any], said: str
) -> None:
    """Exit code 2, and what is wrong with it."""
    content = yaml.safe_load((study / "study.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump({**content, **change})
    Path("study.yaml").write_text(text, encoding="utf-8")
    code, _, error = typed("reproduce", "study.yaml", "into=./again")
    assert code == 2
    assert said in error
    assert "unexpected" not in error


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("colour", "red"),
        ("restarts", "many"),
        ("executor", 3),
        ("limits", {"x": 1}),
        ("executor", {"name": "cloud", "n_jobs": 1}),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(
    study: Path, typed: Typed, setting: str, value: Any
) -> None:
    """It names the setting."""
    with_sweep(study, "base", lambda base: {**base, setting: value})
    code, _, error = typed(*REPRODUCE)
    assert code == 2
    assert setting in error
    assert "unexpected" not in error


def test_yaml_that_makes_objects_is_refused(typed: Typed, tmp_path: Path) -> None:
    """It is read as plain values only."""
    path = tmp_path / "study.yaml"
    mark = tmp_path / "made"
    path.write_text(f"config: !!python/object/apply:os.mkdir [{mark}]", "utf-8")
    code, _, error = typed("reproduce", str(path))
    assert code == 2
    assert "cannot be read" in error
    assert not mark.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reproduce",), "0 studies given"),
        (("reproduce", "a", "b"), "2 studies given"),
        (("reproduce", "nowhere"), "there is no study at studies/nowhere"),
        ((*REPRODUCE, "sample=few"), "sample=few is no whole number"),
        ((*REPRODUCE, "sample=0"), "sample=0 leaves nothing to run"),
        ((*REPRODUCE, "size=3"), "no option size="),
        ((*REPRODUCE, "sweep=4"), "has no command 4"),
        ((*REPRODUCE, "output=no/such/all.csv"), "its folder is not there"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused(
    study: Path, typed: Typed, arguments: tuple[str, ...], said: str
) -> None:
    """Before anything is run."""
    code, _, error = typed(*arguments)
    assert code == 2
    assert said in error
    assert sorted(one.name for one in Path().iterdir()) == ["studies"]
    assert [one.name for one in Path("studies").iterdir()] == ["small"]


def test_a_run_that_failed_then_is_run_again_too(study: Path, typed: Typed) -> None:
    """And that it ends otherwise now is told."""
    written(
        study,
        "UPDATE runs SET status='crash', reason='out of luck' WHERE key="
        "(SELECT min(key) FROM runs)",
    )
    code, said, _ = typed(*REPRODUCE)
    assert code == 1
    assert "Runs that ended otherwise (1)" in said
    assert "crash" in said


def test_settings_of_the_command_are_not_those_of_the_reproduction(
    study: Path,
) -> None:
    """A dry run, a retry or another folder in the record changes nothing."""
    with_sweep(
        study,
        "base",
        lambda base: {
            **base,
            "dry_run": True,
            "study": "studies/elsewhere",
            "retry": ["ok"],
        },
    )
    assert reproduced(study, quiet=True).exit_code == 0
    assert reproduced(study, quiet=True).exit_code == 0
    assert not Path("studies/elsewhere").exists()


def test_a_record_that_knew_fewer_settings_is_run_at_their_defaults(
    study: Path,
) -> None:
    """And its runs are found again in a sample, whose labels are others."""

    def older(base: dict[str, Any]) -> dict[str, Any]:
        stop = {k: v for k, v in base["stop"].items() if k != "validation"}
        return {k: v for k, v in base.items() if k not in ("refit", "save")} | {
            "stop": stop
        }

    with_sweep(study, "base", older)
    written(study, "UPDATE plan SET dataset='an older label of ' || dataset")
    done = reproduced(study, sample=3, quiet=True)
    assert done.comparison is not None
    assert done.comparison.n_pairs == 3
    assert done.comparison.surroundings.configuration == []
    assert done.exit_code == 0


def test_the_same_in_children(study: Path, typed: Typed) -> None:
    """A run in a process of its own has the digits of one in this process."""
    with_sweep(
        study,
        "base",
        lambda base: {**base, "executor": {"name": "local", "n_jobs": 64}},
    )
    done = nmflab.reproduce(study, sample=2)
    assert done.comparison is not None
    assert done.comparison.verdict != DIFFERENT
    assert done.exit_code == 0


def test_cases_are_run_again_under_their_labels(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings that only one of them has; from the store and the summary."""
    monkeypatch.chdir(tmp_path)
    cases = "cases={a:{solver:mu},b:{solver:apg,restarts:2}}"
    quick = [one for one in ASKED if not one.startswith("solver")]
    assert typed(*quick, cases, "study=small")[0] == 0
    done = nmflab.reproduce("studies/small")
    assert done.exit_code == 0
    Path("alone").mkdir()
    shutil.copy("studies/small/study.yaml", "alone")
    assert typed("reproduce", "./alone")[0] == 0
    again = nmflab.Study(Path("studies/small")).compare("alone-reproduced")
    assert again.is_same
    assert again.n_pairs == 8


def test_a_report_carries_the_command(study: Path) -> None:
    """As it is typed from the folder that holds the studies."""
    with Store.open(study) as store:
        section = provenance_section(gather(store))
    codes = [block.text for block in section.blocks if isinstance(block, Code)]
    assert "nmflab reproduce studies/small sample=20" in codes
