"""The measurement of speed: its arithmetic, its studies, and a try on tiny data."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nmflab.commands import spaces_of, sweep
from nmflab.sweep.outcome import DryRun

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "experiments" / "solver_speed"
sys.path.insert(0, str(FOLDER))  # scripts, no package: they import each other by name

from asked import alone, on_two_threads, several_starts  # noqa: E402
from crossings import (  # noqa: E402
    Run,
    best_known,
    median,
    reach,
    slow_start,
    times,
    totals,
)
from figures import spread  # noqa: E402
from measured import Measured  # noqa: E402
from prepare import SOURCES, grey, prepare  # noqa: E402
from problems import PROBLEMS, Problem  # noqa: E402
from races import Ratio, race, ratio  # noqa: E402
from rows import cmfrec_rows, footprint_rows, gap_rows, reference_rows  # noqa: E402
from studies import Bench, Footprint  # noqa: E402
from tiny import write_tiny  # noqa: E402

sys.path.remove(str(FOLDER))

NAMES = [problem.name for problem in PROBLEMS]
SEEDS, DTYPES = 3, 2
PLANNED = {  # cases by sizes by seeds by dtypes, as the studies are saved
    "speed_faces": 7 * 2 * SEEDS * DTYPES,
    "speed_text": 7 * SEEDS * DTYPES,
    "speed_zipf": 7 * 2 * SEEDS * DTYPES,
    "speed_tall": 6 * SEEDS * DTYPES,
    "speed_ratings": 4 * SEEDS * DTYPES,
    "speed_kl": 4 * SEEDS * DTYPES,
    "speed_huge": 2 * DTYPES,
}


def a_run(
    case: str,
    *points: tuple[float, float],
    seed: int = 0,
    repeat: int = 0,
    dtype: str = "float64",
) -> Run:
    """Return a run through points of cpu-seconds and objective; twice that in wall."""
    trace = np.array([(second, 2 * second, value) for second, value in points], float)
    return Run(
        case=case,
        n_components=2,
        seed=seed,
        dtype=dtype,
        repeat=repeat,
        trace=trace,
        cpu_seconds=points[-1][0],
        seconds=2 * points[-1][0],
        objective=min(value for _, value in points),
        n_steps=10,
    )


def test_a_target_is_reached_at_the_first_evaluated_point_at_or_below_it() -> None:
    """Not between two points, whatever lies on the line between them."""
    run = a_run("hals", (0, 100), (1, 60), (3, 20), (4, 30), (5, 10))
    assert reach(run, 60) == 1
    assert reach(run, 59.9) == 3
    assert reach(run, 25) == 3  # although the point after lies above it again
    assert reach(run, 25, "seconds") == 6
    assert reach(run, 9.9) is None


def test_looking_rarely_never_makes_a_solver_quicker() -> None:
    """Leaving evaluations out moves a crossing later or leaves it where it is."""
    points = [(0.0, 100.0), (1.0, 60.0), (2.0, 40.0), (3.0, 20.0)]
    dense = a_run("hals", *points)
    sparse = a_run("hals", points[0], points[-1])
    for target in (80, 50, 30, 20):
        assert reach(sparse, target) >= reach(dense, target)


def test_the_median_counts_what_never_arrived_as_latest() -> None:
    """One of three missing leaves a median; two do not."""
    assert median([3.0, None, 1.0]) == 3.0
    assert median([3.0, None, None]) is None
    assert median([]) is None


def test_times_are_medians_over_repeats_seed_by_seed() -> None:
    """Each seed has its own target; three repeats, the middle one counts."""
    runs = [a_run("hals", (0, 9), (s, 1), repeat=i) for i, s in enumerate((5, 2, 3))]
    runs.append(a_run("hals", (0, 9), (7, 1), seed=1))
    assert times(runs, lambda run: 1 if run.seed == 0 else 0.5) == {0: 3, 1: None}
    assert totals(runs) == {0: 3, 1: 7}


def test_of_calls_with_other_iterations_the_quickest_that_arrived_counts() -> None:
    """The shorter call of cmfrec did not get there, the longest took too long."""
    calls = [
        a_run("cmfrec_10", (0, 9), (1, 5)),
        a_run("cmfrec_12", (0, 9), (2, 3)),
        a_run("cmfrec_15", (0, 9), (4, 2)),
    ]
    assert {call.solver for call in calls} == {"cmfrec"}
    assert times(calls, lambda _: 3) == {0: 2}
    assert totals(calls) == {0: 4}


def test_the_best_known_leaves_out_a_run_and_its_like() -> None:
    """Its repeats and, of one library, calls of other lengths go with it."""
    runs = [
        a_run("hals", (0, 9), (1, 2)),
        a_run("hals", (0, 9), (1, 1), repeat=1),
        a_run("hals", (0, 9), (1, 4), seed=1),
        a_run("cmfrec_10", (0, 9), (1, 3)),
        a_run("cmfrec_12", (0, 9), (1, 2.5)),
    ]
    assert best_known(runs) == 1
    assert best_known(runs, without=runs[0]) == 2.5
    assert best_known(runs[3:], without=runs[3]) == math.inf


def test_a_peer_that_never_arrived_makes_a_bound_and_ours_that_did_not_loses() -> None:
    """The peer's whole time counts; ours counts as 0, whatever the peer did."""
    assert ratio(2.0, 10.0, 20.0) == Ratio(5.0)
    assert ratio(2.0, None, 20.0) == Ratio(10.0, at_least=True)
    assert ratio(None, 10.0, 20.0) == Ratio(0.0)
    assert ratio(None, None, 20.0) == Ratio(0.0)


def test_a_race_shows_its_median_and_its_range() -> None:
    """Three seeds: 2, 10 and at least 30 times as long."""
    ours = [a_run("hals", (0, 9), (1, 1), seed=seed) for seed in range(3)]
    peer = [
        a_run("cd", (0, 9), (2, 1), seed=0),
        a_run("cd", (0, 9), (10, 1), seed=1),
        a_run("cd", (0, 9), (30, 5), seed=2),
    ]
    found = race(ours, peer, lambda _: 1)
    assert found is not None
    assert found.middle == Ratio(10.0)
    assert spread(found) == "10x (2x to > 30x)"
    assert race(ours, [], lambda _: 1) is None


def test_a_median_that_rests_on_a_bound_is_one() -> None:
    """What lies above a bound may lie below what it bounds."""
    ours = [a_run("hals", (0, 9), (1, 1), seed=seed) for seed in range(3)]
    ends = [(2, 5), (10, 1), (30, 1)]  # the first of them never arrived
    peer = [a_run("cd", (0, 9), end, seed=seed) for seed, end in enumerate(ends)]
    found = race(ours, peer, lambda _: 1)
    assert found is not None
    assert found.middle == Ratio(10.0, at_least=True)


def test_a_first_step_that_compiled_is_seen() -> None:
    """Over ten times the second and noticeable; a steady start is not."""
    assert slow_start(a_run("hals", (0, 9), (5, 8), (5.01, 7)))
    assert not slow_start(a_run("hals", (0, 9), (5, 8), (10, 7)))
    assert not slow_start(a_run("hals", (0, 9), (0.01, 8), (0.0101, 7)))
    assert slow_start(replace(a_run("hals", (0, 9), (5, 8)), n_steps=1))


def the_problem(name: str) -> Problem:
    """Return a problem by name."""
    (found,) = (problem for problem in PROBLEMS if problem.name == name)
    return found


def measured(name: str, *runs: Run) -> Measured:
    """Return a problem with runs on one thread only."""
    return Measured(
        problem=the_problem(name),
        runs=list(runs),
        threaded=[],
        several=[],
        footprints=[],
    )


def test_the_default_run_is_raced_in_like_dtypes_and_mixed_with_a_label() -> None:
    """Ours in f32 against f32 and f64, each to where that default run ended."""
    runs = (
        a_run("hals", (0, 9), (1, 4), (2, 2), dtype="float32"),
        a_run("sklearn_default", (0, 9), (6, 4), dtype="float32"),
        a_run("sklearn_default", (0, 9), (10, 2), dtype="float64"),
    )
    rows = list(reference_rows([measured("tall", *runs)]))
    labels = [row[1] for row in rows]
    assert labels == [
        "hals f32 / scikit-learn's default run f32",
        "hals f32 / scikit-learn's default run f64",
    ]
    assert [row[4] for row in rows] == ["6x (6x to 6x)", "5x (5x to 5x)"]
    assert [row[6] for row in rows] == ["30x, missed", ""]  # no aim for a mixed one


def test_gaps_are_above_the_best_of_all_runs() -> None:
    """1 % above 100 is 101; with itself left out the best is the other's 100.5."""
    runs = (
        a_run("hals", (0, 900), (1, 101), (2, 100)),
        a_run("sklearn_cd", (0, 900), (5, 101.2), (8, 100.5)),
    )
    hals, cd = gap_rows([measured("tall", *runs)])
    assert hals[2:5] == ["1 (1 of 1)", "1", ""]
    assert cd[2:5] == ["8 (1 of 1)", "8", "8x (8x to 8x)"]
    assert cd[5:9] == ["never (0 of 1)", "never", "> 4x (> 4x to > 4x)", "5.0e-03"]


def test_cmfrec_is_raced_to_one_percent() -> None:
    """The quickest of its calls at or below 101."""
    runs = (
        a_run("masked_hals", (0, 900), (0.1, 101), (2, 100)),
        a_run("cmfrec_10", (0, 900), (5, 150)),
        a_run("cmfrec_12", (0, 900), (7, 100.9)),
        a_run("cmfrec_15", (0, 900), (9, 100.8)),
    )
    (row,) = cmfrec_rows([measured("ratings", *runs)])
    assert row[4] == "70x (70x to 70x)"
    assert row[6] == "60x, reached"


def test_memory_is_what_the_data_added() -> None:
    """300 MB above the tiny run's 200, over 200 MB of X and factors: 1.5 times."""
    ours = Footprint(
        case="hals",
        dtype="float32",
        seconds=0.5,
        peak_mb=500,
        idle_mb=200,
        data_mb=200,
    )
    peer = replace(ours, case="sklearn_few", seconds=3.0, peak_mb=900)
    both = replace(measured("huge"), footprints=[ours, peer])
    first, second = footprint_rows([both])
    assert first[-2:] == ["1.5x", "1.5x, reached"]
    assert second[3:5] == ["6x", "4x, reached"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a bench over tiny files, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    files = write_tiny(tmp_path)
    return Bench(folder=tmp_path, files=files, seeds=3, quick=True, cmfrec=False)


def test_every_saved_study_of_speed_is_measured() -> None:
    """The problems name them all."""
    saved = {path.stem for path in (ROOT / "conf/experiment").glob("speed_*.yaml")}
    assert saved == set(PLANNED) == {problem.experiment for problem in PROBLEMS}


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_study_plans_its_cases_by_sizes_by_seeds_by_dtypes(
    name: str, bench: Bench
) -> None:
    """On tiny data, nothing skipped: each solver takes what it is given."""
    problem = the_problem(name)
    words = bench.arguments(problem, "planned", "dry_run=true")
    # The sizes as saved, on data large enough for any.
    plan, _ = sweep([w for w in words if not w.startswith("n_components=")], quiet=True)
    assert isinstance(plan, DryRun)
    assert plan.skipped == {}
    assert plan.n_runs == PLANNED[problem.experiment]


@pytest.mark.parametrize("name", ["tall", "kl", "huge"])
def test_what_a_measure_asks_of_a_study_composes(name: str, bench: Bench) -> None:
    """Threads, several starts, a case alone: of known keys, one or two cases each."""
    problem = the_problem(name)
    wanted: list[tuple[str, ...]] = [
        alone(problem, case, "float32") for case in problem.footprint
    ]
    if problem.threads:
        wanted.append(("seed=0", *on_two_threads(problem)))
    if problem.restarts:
        reference = a_run(str(problem.reference), (0, 9), (0.5, 1))
        wanted.append(several_starts(problem, reference))
    for overrides in wanted:
        spaces, _ = spaces_of(bench.arguments(problem, "asked", *overrides))
        assert len(spaces) <= 2


def test_each_nmflab_command_of_the_page_composes(bench: Bench) -> None:
    """It is typed as the page has it, and every key and name in it is known."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("nmflab ")]
    assert commands
    for command in commands:
        spaces, _ = spaces_of(shlex.split(command)[1:])
        assert sum(space.size for space in spaces) >= 1


def test_an_absent_file_is_a_sentence_that_names_the_archive(tmp_path: Path) -> None:
    """With a folder and without one; nothing is written."""
    said = prepare("orl.npy", tmp_path, tmp_path / "ready")
    assert said == f"no orl.npy: there is no orl/att_faces.zip in {tmp_path}"
    said = prepare("u.data", None, tmp_path / "ready")
    assert said == (
        "no u.data: name the folder that holds movielens-100k/ml-100k.zip with"
        " NMFLAB_DATA"
    )
    assert not (tmp_path / "ready").exists()


def test_a_pgm_is_read_with_its_comment() -> None:
    """Row by row, 92 wide and 112 high."""
    pixels = np.arange(112 * 92).astype(np.uint8)
    head = b"P5\n# by hand\n92 112\n255\n"
    np.testing.assert_array_equal(grey(head + pixels.tobytes()).ravel(), pixels)
    with pytest.raises(ValueError, match="no binary PGM"):
        grey(b"P2 92 112 255 1 2 3")


def test_members_of_an_archive_are_written_as_they_are(tmp_path: Path) -> None:
    """And once written are left alone."""
    (tmp_path / "bbc").mkdir()
    with zipfile.ZipFile(tmp_path / "bbc/bbc.zip", "w") as archive:
        archive.writestr("bbc.mtx", "a matrix")
    made = prepare("bbc.mtx", tmp_path, tmp_path / "ready")
    assert made == tmp_path / "ready/bbc.mtx"
    assert made.read_text() == "a matrix"
    assert prepare("bbc.mtx", None, tmp_path / "ready") == made


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "shape", "n_cells"),
    [("orl.npy", (400, 10304), None), ("bbc.mtx", (9635, 2225), 286774)],
)
def test_the_real_archives_hold_what_their_papers_say(
    name: str, shape: tuple[int, int], n_cells: int | None, tmp_path: Path
) -> None:
    """Shapes and numbers of entries."""
    import scipy.io

    data = os.environ.get("NMFLAB_DATA")
    if data is None or not (Path(data) / SOURCES[name][0]).exists():
        pytest.skip(f"no {SOURCES[name][0]} under NMFLAB_DATA")
    made = prepare(name, Path(data), tmp_path)
    assert isinstance(made, Path)
    X = np.load(made) if made.suffix == ".npy" else scipy.io.mmread(made)
    assert X.shape == shape
    assert n_cells is None or X.nnz == n_cells


def test_the_command_measures_tiny_data_from_end_to_end(tmp_path: Path) -> None:
    """All cases of one problem, several starts, and the page with its tables."""
    done = subprocess.run(
        [
            sys.executable,
            str(FOLDER / "measure.py"),
            *("--quick", "--seeds", "1", "--repeat", "2", "--problem", "text"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "NMFLAB_CACHE": str(tmp_path / "cache"),
            "NMFLAB_KERNELS": "numpy",  # nothing is compiled
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert page.strip() == done.stdout.strip()
    assert "have no result" not in page
    for row in (
        r"\| text, k=3 \| hals f32 / scikit-learn's default run f64 \|",
        r"\| text, k=3 \| sklearn_minibatch f64 \| [\d.]+ \(1 of 1\)",
        r"\| text, k=3 \| f32 \| 0 \| .* of 8 \|",
    ):
        assert re.search(row, page), row
