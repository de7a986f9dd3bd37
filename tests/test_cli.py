from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nmflab import __version__, cli, commands
from nmflab.config import conf_dir
from nmflab.kernels.choice import COMPILING
from nmflab.registry import KINDS, load
from nmflab.report.papers.asked import OPTIONS as FIGURES_OPTIONS
from nmflab.reproducing.command import COMPARE_OPTIONS, REPRODUCE_OPTIONS
from nmflab.scoring.command import OPTIONS as SCORE_OPTIONS
from nmflab.store import Store
from nmflab.usage import HELP, USAGE

RATINGS = "dataset=movie_ratings"
QUICK = ("executor.name=serial", "report=false", "stop.max_steps=2")
EXPERIMENTS = sorted(
    path.stem
    for path in (conf_dir() / "experiment").glob("*.yaml")
    # Large data; tests/test_solver_speed.py runs these on tiny ones.
    if not path.stem.startswith("speed_")
)

Typed = Callable[..., tuple[int, str, str]]


def reads_published_data(name: str) -> bool:
    """Return whether a saved experiment takes data that are fetched."""
    text = (conf_dir() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
    for dataset in re.findall(r"dataset: (\w+)", text):
        spec = load().datasets[dataset]
        if spec.origin is not None and spec.origin_of(spec.dataset()).files:
            return True
    return False


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where a newcomer does."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return a function that runs a command: exit code, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def refused(typed: Typed) -> Callable[..., str]:
    """Return a function that runs a command which must be refused in one sentence."""

    def run(*arguments: str) -> str:
        code, output, errors = typed(*arguments)
        assert (code, output) == (2, "")
        assert errors.startswith("nmflab: ")
        assert errors.count("\n") == 1
        return errors.removeprefix("nmflab: ").rstrip("\n")

    return run


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "nmflab", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def test_a_sweep_that_ends_well_exits_with_0(typed: Typed) -> None:
    """It says what was done and where it lies."""
    code, output, errors = typed(RATINGS, "solver=hals,mu", *QUICK)
    assert (code, errors.replace(f"nmflab: {COMPILING}\n", "")) == (0, "")
    lines = output.splitlines()
    assert "2 ok" in lines
    assert "study:  studies/movie_ratings" in lines


def test_a_sweep_with_a_failure_exits_with_1(typed: Typed) -> None:
    """Data that are not there: the row says which file was looked for, and where."""
    code, output, _ = typed("dataset=file", "dataset.path=no.csv", *QUICK)
    assert code == 1
    assert "1 error" in output.splitlines()
    assert "failures by reason:\n      1  error: dataset file could not be" in output
    assert f"dataset.path=no.csv: no such file (the working folder is {Path.cwd()}" in (
        output
    )


def test_a_sweep_in_which_nothing_fits_exits_with_1(typed: Typed) -> None:
    """A sweep that makes no run at all is no success."""
    code, output, _ = typed(RATINGS, "objective=kullback_leibler", *QUICK)
    assert code == 1
    assert "1 skipped" in output.splitlines()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["movie"], "'movie' is neither a command (list, show, report,"),
        (["movie"], "written key=value, as in experiment=movie_ratings"),
        (["-x", RATINGS], "no option -x; `nmflab --help` shows what there is"),
        (["solver=hals"], "no dataset chosen; give dataset=<one of all_aml, ap,"),
        ([RATINGS, "solver=hal"], "Did you mean 'hals'?"),
        (["experiment=movie_rating"], "Did you mean 'movie_ratings'?"),
        ([RATINGS, "+solver.typo=1"], "solver.typo: Hals has no parameter 'typo'; it"),
        ([RATINGS, "+stop.typo=1"], "stop.typo: there is no such key; stop has kkt,"),
        ([RATINGS, "metrics=rsme"], "no metric named 'rsme' (config key 'metrics')"),
        ([RATINGS, "retry=failed"], "retry=failed: no such status; choose from ok,"),
        ([RATINGS, "n_components=0"], "n_components must be at least 1, got 0"),
        ([RATINGS, "stop.kkt=-1"], "stop.kkt must be > 0, got -1; use null to switch"),
        ([RATINGS, "hydra/sweeper=basic"], "nmflab's runs need hydra/sweeper=study"),
        ([RATINGS, "+hydra.callbacks.x._target_=os.abort"], "hydra.callbacks: nmflab"),
        (["--cfg", "nonsense", RATINGS], "--cfg nonsense: choose job, hydra or all"),
        (["list", "solvents"], "no kind of plugin named 'solvents'; kinds: dataset,"),
        (["show", "solver"], "show: give a kind and a name, as in nmflab show solver"),
        (["show", "solver", "hal"], "no solver named 'hal' (config key 'solver');"),
        (["check-plugin"], "check-plugin: give a name, as in nmflab check-plugin hals"),
        (["report"], "report: 0 studies given; name one, as in nmflab report"),
        (["report", "nothing"], "no study at studies/nothing: there is no runs.sqlite"),
        (["report", "./nothing"], "no study at nothing: there is no runs.sqlite in it"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_in_a_sentence(
    refused: Callable[..., str], arguments: list[str], said: str
) -> None:
    """Exit code 2, nothing on the output, no traceback."""
    assert said in refused(*arguments)
    assert not Path("studies").exists()


def test_a_sentence_of_a_lost_conf_folder(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment variable is named with its value."""
    monkeypatch.setenv("NMFLAB_CONF", "nowhere")
    assert refused(RATINGS).startswith("NMFLAB_CONF=nowhere is not a folder; name one")


def test_what_nobody_foresaw_is_a_sentence_too(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the way to see more."""
    monkeypatch.setattr(commands, "sweep", lambda _: 1 / 0)
    message = refused(RATINGS)
    assert message.startswith("ZeroDivisionError: division by zero (unexpected; NMFLAB")


def test_the_debug_variable_shows_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The exception itself, with its traceback."""
    monkeypatch.setenv("NMFLAB_DEBUG", "1")
    monkeypatch.setattr(commands, "sweep", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main([RATINGS])


def test_an_interrupt_outside_a_sweep_exits_with_130(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While data are loaded, say."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "sweep", interrupted)
    code, _, errors = typed(RATINGS)
    assert (code, errors) == (130, "interrupted; what was finished is kept\n")


def test_cfg_job_prints_the_first_configuration_and_how_many(typed: Typed) -> None:
    """Hydra by itself refuses a sweep here."""
    code, output, _ = typed("--cfg", "job", RATINGS, "solver=hals,mu", "seed=0,1")
    assert code == 0
    assert output.splitlines()[0] == "# the first of 4 configurations"
    config = yaml.safe_load(output)
    assert config["solver"]["name"] == "hals"
    assert config["stop"]["kkt"] == 1e-4


def test_cfg_job_of_one_configuration_counts_nothing(typed: Typed) -> None:
    """There is nothing to count; the option may stand last."""
    _, output, _ = typed(RATINGS, "--cfg", "job")
    assert not output.startswith("#")
    assert yaml.safe_load(output)["dataset"]["name"] == "movie_ratings"


def test_cfg_job_prints_what_can_be_given_again(typed: Typed) -> None:
    """It resolves what was interpolated."""
    overrides = [RATINGS, "n_components=4", "solver.inner=${n_components}"]
    _, output, _ = typed("--cfg", "job", *overrides)
    assert yaml.safe_load(output)["solver"]["inner"] == 4


def test_an_interpolation_is_another_value_in_each_run(typed: Typed) -> None:
    """From the command line to the plan."""
    overrides = ["n_components=1,2", "solver.inner=${n_components}", "dry_run=true"]
    _, output, _ = typed(RATINGS, *overrides)
    assert "solver hals(inner=1), n_components 1," in output
    assert "solver hals(inner=2), n_components 2," in output


def test_a_dry_run_prints_the_plan_and_makes_nothing(typed: Typed) -> None:
    """How many, how many are done, what is skipped and why, the first few."""
    sweep = (RATINGS, "solver=hals,mu", "dataset.zeros=missing", *QUICK)
    code, output, _ = typed(*sweep, "dry_run=true")
    assert code == 0
    assert output.splitlines() == [
        "2 runs: 0 already done, 1 skipped, 1 to be made",
        "study:  studies/movie_ratings",
        "1 skipped: solver hals cannot take missing entries; use solver=masked_hals"
        " or mu, or missing_as_zero=true to treat them as zeros",
        "the first of those to be made:",
        "  movie_ratings, frobenius, init random, solver mu, n_components 3,"
        " seed 0, float64",
    ]
    assert not Path("studies").exists()
    typed(*sweep)
    _, output, _ = typed(*sweep, "dry_run=true")
    assert output.startswith("2 runs: 1 already done, 1 skipped, 0 to be made\n")


def test_help_lists_the_plugins_by_group(typed: Typed) -> None:
    """With their one-line docs; the same without arguments."""
    code, output, _ = typed("--help")
    assert code == 0
    assert output == typed()[1]
    for kind in KINDS.values():
        assert f"\n{kind.config_key}:\n" in output
    assert re.search(r"\n  hals +\w+", output)
    assert "dry_run=true" in output


@pytest.mark.parametrize("command", cli._COMMANDS)
def test_every_command_tells_how_it_is_called(typed: Typed, command: str) -> None:
    """In the list of all, and by itself, whatever else is given."""
    assert f"  nmflab {command} " in USAGE
    code, output, errors = typed(command, "anything", "--help")
    assert (code, errors) == (0, "")
    assert output.startswith(f"nmflab {command} ")
    assert typed(command, "-h") == (0, output, "")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("compare", COMPARE_OPTIONS),
        ("export", ("out", "data", "factors", "figures", "all")),
        ("figures", FIGURES_OPTIONS),
        ("recommend", commands.RECOMMEND_OPTIONS),
        ("report", ("out", "all")),
        ("reproduce", REPRODUCE_OPTIONS),
        ("score", SCORE_OPTIONS),
    ],
)
def test_the_help_of_a_command_names_each_option(
    command: str, options: tuple[str, ...]
) -> None:
    """No option is only in the manual."""
    assert [name for name in options if f" {name}=" not in HELP[command]] == []


@pytest.mark.parametrize(
    "command", ["report", "figures", "export", "recommend", "compare", "reproduce"]
)
def test_a_misspelt_study_is_answered_with_the_nearest(
    typed: Typed, command: str
) -> None:
    """Which there is under the same folder."""
    typed(RATINGS, "study=ratings", *QUICK)
    names = ["rating"] * (1 + (command == "compare"))
    code, _, errors = typed(command, *names)
    assert code == 2
    assert errors == (
        "nmflab: no study at studies/rating. Did you mean 'studies/ratings'?\n"
    )


@pytest.mark.parametrize("command", ["report", "figures", "export", "recommend"])
def test_an_archive_is_to_be_unpacked_first(typed: Typed, command: str) -> None:
    """By the commands that read more of it than the record."""
    Path("films.zip").write_bytes(b"")
    code, _, errors = typed(command, "films.zip")
    assert code == 2
    assert "films.zip is an archive; unpack it and name the folder" in errors


@pytest.mark.parametrize("command", ["report", "figures"])
def test_nothing_is_written_into_another_study(typed: Typed, command: str) -> None:
    """Nor over a file; into its own study it is."""
    typed(RATINGS, "study=one", *QUICK)
    typed(RATINGS, "study=two", *QUICK)
    for out in ("studies/two", "studies/two/report"):
        code, _, errors = typed(command, "one", f"out={out}")
        assert code == 2
        assert "studies/two is another study, which is left as it is" in errors
    Path("file").write_text("mine", encoding="utf-8")
    code, _, errors = typed(command, "one", "out=file")
    assert (code, errors) == (2, "nmflab: out=file is a file; name a folder\n")
    only = ["only=results", "formats=none"] if command == "figures" else []
    assert typed(command, "one", "out=studies/one/mine", *only)[0] == 0


def test_a_report_that_cannot_be_written_is_told_in_a_sentence(typed: Typed) -> None:
    """Where, why, and what to do; not as something unexpected."""
    typed(RATINGS, "study=one", *QUICK)
    Path("file").write_text("mine", encoding="utf-8")
    typed(RATINGS, "study=two", *QUICK)
    for studies in (["one"], ["one", "two"]):
        code, _, errors = typed("report", *studies, "out=file/below")
        assert code == 2
        assert errors.startswith("nmflab: cannot write the report to file/below: ")
        assert "nmflab report another folder, out=FOLDER" in errors
        assert "unexpected" not in errors


def test_version_is_that_of_nmflab(typed: Typed) -> None:
    """Not of what it is built on."""
    assert typed("--version") == (0, f"nmflab {__version__}\n", "")


@pytest.mark.parametrize("kind", ["solver", "solvers"])
def test_list_names_what_is_installed(typed: Typed, kind: str) -> None:
    """Of all kinds, or of one."""
    code, output, _ = typed("list", kind)
    assert code == 0
    assert "hals" in output
    assert "movie_ratings" not in output
    assert "movie_ratings" in typed("list")[1]


def test_show_tells_the_parameters_of_a_plugin(typed: Typed) -> None:
    """As they are written in a configuration."""
    code, output, _ = typed("show", "solver", "hals")
    assert code == 0
    assert "solver.inner: int | None" in output


def test_flags_of_hydra_s_multirun_are_no_error(typed: Typed) -> None:
    """Who is used to `-m` may type it."""
    code, output, _ = typed("-m", RATINGS, "dry_run=true")
    assert code == 0
    assert output.startswith("1 runs: ")


def test_conf_of_the_working_folder_joins_the_search_path(typed: Typed) -> None:
    """An experiment of one's own stands in ./conf; its name is the study's."""
    saved = Path("conf/experiment/mine.yaml")
    saved.parent.mkdir(parents=True)
    saved.write_text(
        "# @package _global_\n"
        "defaults:\n  - override /dataset: movie_ratings\n"
        "n_components: 7\n",
        encoding="utf-8",
    )
    _, output, _ = typed("--cfg", "job", "experiment=mine")
    assert yaml.safe_load(output)["n_components"] == 7
    _, output, _ = typed("experiment=mine", "dry_run=true")
    assert "study:  studies/mine" in output


def test_a_folder_named_in_the_environment_joins_the_search_path(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of ./conf; a file may add to a plugin's own schema."""
    folder = tmp_path / "elsewhere"
    (folder / "solver").mkdir(parents=True)
    file = folder / "solver" / "textbook.yaml"
    file.write_text("defaults: [hals, _self_]\ninner: 1\n", encoding="utf-8")
    monkeypatch.setenv("NMFLAB_CONF", str(folder))
    _, output, _ = typed("--cfg", "job", RATINGS, "solver=textbook")
    assert yaml.safe_load(output)["solver"]["inner"] == 1
    assert yaml.safe_load(output)["solver"]["name"] == "hals"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_saved_experiment_composes_and_runs(typed: Typed, name: str) -> None:
    """Two steps of each of its runs; one that reads a file is given a small one."""
    rows = [f"{i % 7},{i % 5},{i % 3},{i % 2 + 1}" for i in range(12)]
    table = "\n".join(["a,b,c,d,e,f,g,h", *(f"{row},{row}" for row in rows)])
    Path("X.csv").write_text(table + "\n", encoding="utf-8")
    narrowed = ["seed=0"]
    if reads_published_data(name) and not os.environ.get("NMFLAB_DATA"):
        pytest.skip("NMFLAB_DATA names no folder of published data")
    if name == "own_file":
        narrowed += ["dataset.path=X.csv", "n_components=2"]
    if name == "bbc_sections":  # the panel is of 165 runs; tests/advice is about it
        narrowed += ["advise=null", "n_components=3"]
    code, output, _ = typed(f"experiment={name}", *narrowed, *QUICK)
    assert code == 0, output
    [folder] = Path("studies").iterdir()
    with Store.open(folder) as store:
        assert store.runs()["status"].eq("ok").all()


def test_a_second_command_reuses_the_first_one_s_runs(typed: Typed) -> None:
    """And says so."""
    typed(RATINGS, *QUICK)
    code, output, _ = typed(RATINGS, "solver=hals,mu", *QUICK)
    assert code == 0
    assert "note: 1 runs were already done and are reused" in output.splitlines()


def test_the_error_of_a_report_loses_no_run(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs are kept, and the report can be built again."""

    def broken(*_: object, **__: object) -> Path:
        raise ValueError("no ink")

    monkeypatch.setattr(commands, "report", broken)
    code, output, _ = typed(RATINGS, *QUICK[:1], QUICK[2])
    assert code == 0
    assert "note: the report could not be built (ValueError: no ink); the runs are" in (
        output
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`nmflab list | head -1` ends quietly, when its buffer is written at the end."""
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    read, write = os.pipe()
    os.close(read)
    with io.FileIO(write, "w") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "nmflab", "list"],
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            env=buffered,
            timeout=60,
        )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("typed_so_far", "offered"),
    [
        ("solver=", {"solver=hals", "solver=mu", "solver=sklearn"}),
        ("dataset=movie_ratings solver.", {"solver.inner="}),
    ],
)
def test_the_shell_is_told_what_can_be_typed(
    typed_so_far: str, offered: set[str]
) -> None:
    """Tab completion, as `--shell-completion install=bash` sets it up."""
    done = process(
        "--shell-completion", "query=bash", COMP_LINE=f"nmflab {typed_so_far}"
    )
    assert offered <= set(done.stdout.split())
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file sizes")
def test_a_full_disk_ends_a_sweep_in_a_sentence(typed: Typed) -> None:
    """Finished runs are kept, and the same command goes on from there."""
    sweep = [RATINGS, "seed=range(60)", *QUICK, "stop.kkt=null", "study=tried"]
    program = (
        "import resource, sys\n"
        "from nmflab.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *sweep],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("nmflab: cannot write studies/tried/runs.sqlite: ")
    assert "what was written before is kept: free some space" in done.stderr
    assert done.stderr.count("\n") == 1
    with Store.open(Path("studies/tried")) as store:
        finished = store.runs()["status"].eq("ok").sum()
    assert 0 < finished < 60
    code, output, _ = typed(*sweep)
    assert code == 0
    assert f"note: {finished} runs were already done and are reused" in output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("check-plugin", "nope"), "nothing named 'nope' is installed"),
        (("report", "anywhere", "al=true"), "no option al=; there are out=, all=. Did"),
        (("report", "anywhere", "all=1"), "report: all=1 is neither true nor false"),
        (("export", "anywhere", "out="), "export: out= is empty; give it a value"),
        (("figures", "anywhere", "only="), "figures: only= is empty"),
        (("figures", "--width"), "figures: no option --width; options are written"),
        (("recommend", "anywhere", "tpo=3"), "Did you mean 'top='?"),
        (("list", "colour"), "no kind of plugin named 'colour'"),
    ],
)
def test_a_misspelt_word_of_a_command_is_told(
    typed: Typed, command: tuple[str, ...], message: str
) -> None:
    """Exit code 2, and what there is instead."""
    code, _, errors = typed(*command)
    assert code == 2
    assert message in errors


@pytest.mark.parametrize("group", ["weighting", "split", "objective"])
def test_choices_of_nmflab_s_own_are_listed_like_plugins(
    typed: Typed, group: str
) -> None:
    """They need not be learnt from an error message."""
    code, output, _ = typed("list", group)
    assert code == 0
    assert output.startswith(f"{group}:\n  ")


def test_a_home_folder_may_stand_in_a_value(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shells leave ``key=~/x`` as it is, and Hydra cannot read it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "X.csv").write_text("1,2\n3,4\n", encoding="utf-8")
    sweep = ("dataset=file", "dataset.path=~/X.csv", "n_components=1", "report=false")
    code, output, _ = typed(*sweep, "executor.name=serial")
    assert code == 0, output
    assert "limits.memory_mb are not held" in output


def test_datasets_are_swept_like_any_axis(typed: Typed) -> None:
    """The one choice without a default may be a sweep, too."""
    code, output, _ = typed("dataset=movie_ratings,purchase_patterns", *QUICK)
    assert code == 0, output
    assert Path("studies/movie_ratings-purchase_patterns/runs.sqlite").exists()
