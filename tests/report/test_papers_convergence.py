"""The convergence figure of papers: its numbers, its caption, its LaTeX."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.papers import captions, convergence, pgf
from nmflab.report.papers.curves import Curves, all_curves
from nmflab.report.reading.material import Material, gather

X = np.diag([3.0, 4.0])
NORM = 5.0

STEPS = np.array([0.0, 1.0, 2.0, 4.0])


def ran(
    study: Any,
    fingerprint: str,
    solver: str,
    seed: int,
    errors: list[float],
    *,
    start: str = "",
    seconds: float = 1e-2,
    record: dict[str, Any] | None = None,
    **labels: Any,
) -> None:
    """Record a run whose relative errors are known, an evaluation a step."""
    objective = 0.5 * (np.array(errors) * NORM) ** 2
    steps = STEPS[: len(errors)]
    nothing = np.full(len(errors), np.nan)
    clock = seconds * steps
    trace = np.column_stack(
        [0 * steps, steps, steps, clock, clock, objective, nothing, nothing]
    )
    study.run(
        {
            "fingerprint": fingerprint,
            "objective_start": objective[0],
            "objective_value": objective.min(),
            "seconds": trace[-1, 3],
            "cpu_seconds": trace[-1, 4],
            "n_steps": int(steps[-1]),
            "start_hash": start or f"start {seed}",
            **(record or {}),
        },
        arrays={"trace": trace},
        metrics={"relative_error_all": float(min(errors))},
        solver=solver,
        seed=seed,
        **labels,
    )


def drawn(study: Any, **how: Any) -> tuple[Material, list[Curves], list[str]]:
    """Return the material of a study, its figures, and what has none."""
    material = gather(study.read(**how))
    return (material, *all_curves(material))


@pytest.fixture
def two(study: Any) -> Any:
    """Return a study of two solvers from two shared starts; the best error is 0.1."""
    print_of = study.dataset("data", Dataset(X=X))
    for seed, last in ((0, 0.1), (1, 0.3)):
        ran(study, print_of, "hals", seed, [0.9, 0.5, 0.4, last])
        ran(study, print_of, "mu", seed, [0.9, 0.8, 0.7, 0.6], seconds=1.0)
    return study


def test_a_line_is_the_mean_over_shared_starts_above_the_best(two: Any) -> None:
    """``‖X − WH‖/‖X‖ − e_min``, averaged over starts at common points."""
    _, [curves], _ = drawn(two)
    assert curves.scale.unit == pytest.approx(NORM)
    assert curves.scale.least == pytest.approx(0.1)
    steps = curves.axes[1]
    assert steps.clock == "step"
    for at, expected in ((0.0, 0.8), (1.5, 0.4), (2.5, 0.3), (4.0, 0.1)):
        place = int(np.searchsorted(steps.at, at, side="right")) - 1
        assert steps.lines["hals"][place] == pytest.approx(expected), at


def test_a_clock_that_spans_decades_is_logarithmic(two: Any) -> None:
    """A hundred times slower: seconds on a log axis, steps on a linear one."""
    _, [curves], _ = drawn(two)
    time, steps = curves.axes
    assert time.log
    assert not steps.log
    assert steps.at[0] == 0


def test_a_line_ends_where_its_last_run_stopped(two: Any) -> None:
    """Beyond it nothing is drawn, whatever the others need."""
    _, [curves], _ = drawn(two)
    time = curves.axes[0]
    known = time.at[np.isfinite(time.lines["hals"])]
    assert known[-1] == pytest.approx(0.04)
    assert time.at[-1] == pytest.approx(4.0)


def test_starts_that_one_solver_lacks_are_left_out_of_all(study: Any) -> None:
    """A mean over other starts would be another experiment."""
    print_of = study.dataset("data", Dataset(X=X))
    for seed in range(3):
        ran(study, print_of, "hals", seed, [0.9, 0.5, 0.1 * (seed + 1)])
    for seed in (0, 2):
        ran(study, print_of, "mu", seed, [0.9, 0.8, 0.7])
    study.run({"status": "timeout", "reason": "slow"}, solver="mu", seed=1)
    _, [curves], _ = drawn(study)
    assert curves.shared.seeds == (0, 2)
    # The best known is of all runs, those left out of the mean included.
    assert curves.scale.least == pytest.approx(0.1)


def test_a_solver_that_began_elsewhere_is_not_drawn(study: Any) -> None:
    """The starts must be the same factors, not only the same seeds."""
    print_of = study.dataset("data", Dataset(X=X))
    for solver in ("hals", "mu", "odd"):
        for seed in range(2):
            start = "elsewhere" if solver == "odd" else ""
            ran(study, print_of, solver, seed, [0.9, 0.5, 0.2], start=start)
    material, [curves], _ = drawn(study)
    assert set(curves.shared.keys) == {"hals", "mu"}
    said = captions.plain(captions.caption(material, curves))
    assert "Not drawn: odd (it did not begin at the others' factors)." in said


def test_without_a_relative_error_the_best_fit_of_rank_one_is_the_unit(
    study: Any,
) -> None:
    """Other losses: ``D / D_1 − e_min``; the figure says so."""
    print_of = study.dataset("data", Dataset(X=X))
    kl = {"loss": "kullback_leibler"}
    for solver in ("hals", "mu"):
        ran(
            study,
            print_of,
            solver,
            0,
            [0.9, 0.5, 0.2 if solver == "mu" else 0.3],
            record={"objective_rank_one": 50.0},
            objective="kullback_leibler",
            changes={"objective": kl},
        )
    material, [curves], _ = drawn(study)
    assert curves.scale.kind == "rank_one"
    assert curves.scale.unit == 50.0
    assert curves.axes[1].lines["hals"][0] == pytest.approx(
        12.5 * (0.9**2 - 0.2**2) / 50
    )
    assert "best fit of rank one" in captions.plain(captions.caption(material, curves))


def test_the_caption_says_what_the_store_holds(two: Any) -> None:
    """Starts, data, best error and its run, machine and version."""
    material, [curves], _ = drawn(two)
    said = captions.plain(captions.caption(material, curves))
    for part in (
        "data · n_components 2 (2 × 2)",
        "the mean over 2 starts (init random, seeds 0 to 1)",
        "e_min = 0.1 is the lowest",
        "(hals from random, seed 0)",
        "1 thread of a processor",
        "nmflab 0.1.0",
    ):
        assert part in said
    assert "nan" not in said.lower()


def test_lines_differ_in_more_than_colour() -> None:
    """No two of six solvers share a dash or a mark."""
    names = [f"solver {n}" for n in range(6)]
    found = convergence.looks(dict.fromkeys(names, "#000000")).values()
    assert len({tuple(look.dash) for look in found}) == 6
    assert len({look.shape for look in found}) == 6


def test_a_study_without_traces_has_no_figure(study: Any) -> None:
    """It says which comparison has none."""
    print_of = study.dataset("data", Dataset(X=X))
    for seed in range(2):
        ran(study, print_of, "hals", seed, [0.5])
    _, found, missing = drawn(study)
    assert found == []
    assert missing == [
        "no convergence figure of data · n_components 2: no run of it was evaluated"
        " twice above the best known"
    ]


def test_a_start_and_an_end_that_is_the_best_are_no_figure(study: Any) -> None:
    """A solver that is one call to a library has no course to show."""
    print_of = study.dataset("data", Dataset(X=X))
    ran(study, print_of, "library", 0, [0.5, 0.1])
    _, found, missing = drawn(study)
    assert found == []
    assert len(missing) == 1


def test_comparisons_of_one_solver_are_left_out_where_others_have_several(
    two: Any,
) -> None:
    """A figure with a single line compares nothing."""
    print_of = two.dataset("other", Dataset(X=2 * X))
    ran(two, print_of, "hals", 0, [0.9, 0.5, 0.4], dataset="other")
    _, found, _ = drawn(two)
    assert [curves.name for curves in found] == ["data · n_components 2"]
    assert convergence.ids(found) == ["paper-convergence"]


def test_figures_of_several_data_sets_are_named_after_them(two: Any) -> None:
    """Names are safe for files, and never the same."""
    for label in ("a/b", "A b"):
        print_of = two.dataset(label, Dataset(X=X + len(label)))
        for solver in ("hals", "mu"):
            ran(two, print_of, solver, 0, [0.9, 0.5, 0.4], dataset=label)
    _, found, _ = drawn(two)
    names = convergence.ids(found)
    assert len({name.lower() for name in names}) == 3
    assert all(re.fullmatch(r"paper-convergence-[\w-]+", name) for name in names)


def files(material: Material, curves: Curves, *, wide: bool = True) -> dict[str, str]:
    """Return the LaTeX of a figure."""
    look = convergence.looks(dict.fromkeys(curves.shared.keys, "#0072b2"))
    said = captions.caption(material, curves)
    width = 174.0 if wide else 84.0
    return pgf.files(curves, "fig", look, said, width, wide=wide)


def test_the_data_file_holds_the_numbers_of_the_figure(two: Any) -> None:
    """A column a solver, read back to six digits; NaN where a line has ended."""
    material, [curves], _ = drawn(two)
    text = files(material, curves)["fig-time.dat"]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0].split() == ["cpu_seconds", "line1", "line2"]
    table = np.array([[float(value) for value in line.split()] for line in lines[1:]])
    axis = curves.axes[0]
    kept = axis.at > 0
    np.testing.assert_allclose(table[:, 0], axis.at[kept], rtol=1e-5)
    np.testing.assert_allclose(table[:, 1], axis.lines["hals"][kept], rtol=1e-5)


needs_tex = pytest.mark.skipif(
    shutil.which("pdflatex") is None
    or shutil.which("kpsewhich") is None
    or not subprocess.run(
        ["kpsewhich", "pgfplots.sty"], capture_output=True, check=False
    ).stdout,
    reason="no pdflatex with pgfplots is installed",
)


def compiled(folder: Path, name: str) -> bytes:
    """Run pdflatex on a file and return the PDF."""
    done = subprocess.run(
        [
            "pdflatex",
            "-interaction=nonstopmode",
            "-halt-on-error",
            f"-jobname={Path(name).stem}",
            rf"\pdfobjcompresslevel=0\input{{{name}}}",
        ],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "max_print_line": "200"},
    )
    told = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, told[-1500:]
    assert "Missing character" not in told
    return (folder / name).with_suffix(".pdf").read_bytes()


HOSTILE = r"h&m_%$#{\input} ^~<语>" + "'"


@needs_tex
def test_the_picture_compiles_by_itself(study: Any, tmp_path: Path) -> None:
    """One run of pdflatex, whatever solvers are called, and it fits the width."""
    print_of = study.dataset("data", Dataset(X=X))
    for case, solver in ((HOSTILE, "hals"), ("b", "mu")):
        for seed in range(2):
            ran(study, print_of, solver, seed, [0.9, 0.5, 0.4, 0.2], case=case)
    material, [curves], _ = drawn(study)
    for wide, most in ((True, 174), (False, 84)):
        for name, text in files(material, curves, wide=wide).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        pdf = compiled(tmp_path, "fig-standalone.tex")
        box = re.search(rb"/MediaBox ?\[0 0 ([\d.]+)", pdf)
        assert box is not None
        assert float(box[1]) <= most / 25.4 * 72 + 1


@needs_tex
def test_figure_and_tables_compile_in_another_document(
    two: Any, tmp_path: Path
) -> None:
    """From its own folder, with a caption and a table full of special letters."""
    from nmflab.report.content import Cell, Column, Table
    from nmflab.report.papers.latex_tables import table

    material, [curves], _ = drawn(two)
    (tmp_path / "figs").mkdir()
    for name, text in files(material, curves).items():
        (tmp_path / "figs" / name).write_text(text, encoding="utf-8")
    rows = [[Cell(HOSTILE * 3), Cell("[1.9e-04 ± 2]"), Cell("≤ −1")]] * 3
    columns = [Column("[A_b]"), Column("C", True), Column("D", True)]
    small = Table("t", HOSTILE, columns, rows, HOSTILE, n_reference=1)
    long = Table("l", "Long", columns, rows * 30)
    (tmp_path / "small.tex").write_text(table(small, "t", wide=True), "utf-8")
    (tmp_path / "long.tex").write_text(table(long, "l", wide=True), "utf-8")
    (tmp_path / "doc.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs,array,graphicx,longtable}"
        r"\usepackage{pgfplots}\pgfplotsset{compat=1.16}"
        r"\usepgfplotslibrary{groupplots}\def\nmflabpath{figs/}"
        r"\begin{document}\input{figs/fig-figure}\input{small}\input{long}"
        r"\end{document}",
        encoding="utf-8",
    )
    compiled(tmp_path, "doc.tex")
