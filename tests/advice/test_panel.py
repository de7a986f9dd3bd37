"""The panel of a study: every criterion, its spread, its choice, and disagreement."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nmflab
from nmflab.advice import Criterion, Panel, Spread, panel
from nmflab.advice.text import heading, plain_text, rich_text, shown_sizes
from nmflab.store import Store
from tests.advice.conftest import planted, read


def of(found: Panel, name: str) -> Criterion:
    """Return a criterion by its name."""
    return next(one for one in found.criteria if one.name == name)


CHOOSING = [
    "error",
    "bi_cv",
    "cophenetic",
    "dispersion",
    "silhouette",
    "agreement",
    "noise_slope",
    "bic",
]


@pytest.mark.parametrize("name", CHOOSING)
def test_every_criterion_finds_three_planted_components(
    found: Panel, name: str
) -> None:
    """Noise of a tenth hides none of them."""
    assert of(found, name).choice == 3


def test_every_criterion_is_there_and_has_values_at_every_size(found: Panel) -> None:
    """A solver without a mask has no held-out cells; ARD starts at the largest size."""
    assert [one.name for one in found.criteria if not one.values] == ["held_out"]
    assert "see bi-CV" in of(found, "held_out").why
    for one in found.criteria:
        expected = {"ard": [4], "held_out": []}.get(one.name, [2, 3, 4])
        assert list(one.values) == expected


def test_values_lie_within_their_spread(found: Panel) -> None:
    """Lowest, value, highest, over what varies."""
    for one in found.criteria:
        for spread in one.values.values():
            assert spread.low <= spread.value <= spread.high
    assert of(found, "error").values[2].n == 3
    assert of(found, "bi_cv").values[2].n == 8
    assert of(found, "agreement").values[2].n == 3


def test_ard_is_told_the_noise_and_says_what_it_kept(study: Path, found: Panel) -> None:
    """The commonest number of components that are not 0, over seeds."""
    runs = nmflab.Study(study).runs
    kept = runs[runs["solver"].str.startswith("ard")]["n_active"]
    assert of(found, "ard").choice == kept.mode().min()
    assert of(found, "ard").values[4].high == kept.max()
    with Store.open(study) as store:
        key = str(runs[runs["solver"].str.startswith("ard")]["key"].iloc[0])
        phi = store.config(key)["solver"]["phi"]
    X = planted()
    assert phi == pytest.approx(0.01 * np.mean(X**2), rel=0.5)  # noise of a tenth


def test_the_errors_are_those_of_the_fits(study: Path, found: Panel) -> None:
    """Over seeds of all data, draws and left-out blocks apart."""
    runs = nmflab.Study(study).runs
    fits = runs[
        (runs["split"] == "none")
        & (runs["init"] == "random")
        & (runs["solver"] == "hals")
        & (runs["n_components"] == 3)
    ]
    spread = of(found, "error").values[3]
    assert spread.value == pytest.approx(fits["relative_error_all"].mean(), rel=1e-12)
    assert spread.high == fits["relative_error_all"].max()


def test_a_study_that_was_not_asked_has_no_panel(tmp_path: Path) -> None:
    """Sizes alone do not make one."""
    done = nmflab.study(
        "n_components=2,3",
        "stop.max_steps=5",
        "executor.name=serial",
        f"study={tmp_path}/s",
        X=planted(10, 6),
    )
    with Store.open(done.folder) as store:
        assert panel(store) is None


def test_missing_cells_leave_what_needs_no_complete_data(
    advise: Callable[..., Path],
) -> None:
    """Held-out cells choose; criteria that draw rows say what they need."""
    X = planted(30, 20)
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    found = read(
        advise(X, "n_components=2,3", "seed=0,1,2", "solver=masked_hals", missing="nan")
    )
    assert of(found, "held_out").choice in (2, 3)
    assert of(found, "error").values
    for name in ("bi_cv", "silhouette", "agreement", "noise_slope"):
        assert of(found, name).why == "it needs complete data"


def test_counts_are_drawn_anew_as_counts(advise: Callable[..., Path]) -> None:
    """With Kullback-Leibler ARD knows the noise; Gaussian criteria do not apply."""
    X = np.random.default_rng(0).poisson(20 * planted(24, 16, 2)).astype(float)
    folder = advise(
        X, "n_components=2,3", "seed=0,1,2", "solver=mu", "objective=kullback_leibler"
    )
    found = read(folder)
    assert "counts drawn anew" in of(found, "silhouette").over
    assert of(found, "ard").values
    assert "Frobenius" in of(found, "bic").why
    splits = nmflab.Study(folder).runs["split"]
    assert splits.str.startswith("bootstrap").any()


def criterion(name: str, choice: int | None, *, counts: bool = True) -> Criterion:
    """Return a criterion that chose."""
    return Criterion(
        name=name,
        title=name,
        direction="lower",
        over="seeds",
        rule="",
        suits="",
        values={n: Spread.of([1.0 * n, n + 1.0]) for n in (2, 3, 4)},
        choice=choice,
        why="" if choice else "no reason",
        counts=counts,
    )


def made(*criteria: Criterion) -> Panel:
    """Return a panel of criteria."""
    return Panel(
        dataset="d", solver="s", objective="o", sizes=[2, 3, 4], criteria=criteria
    )


def test_disagreement_is_told_by_size() -> None:
    """Who says what; a choice at the edge may lie outside."""
    verdict = made(criterion("a", 3), criterion("b", 4), criterion("c", 3)).verdict()
    assert verdict[0] == "The 3 criteria that choose disagree, from 3 to 4:"
    assert verdict[1:3] == ["3: a, c.", "4: b."]
    assert "edge of the range (4)" in verdict[3]


def test_what_is_shown_only_has_no_vote() -> None:
    """AIC does not make a majority."""
    shown = criterion("aic", 4, counts=False)
    assert made(criterion("a", 3), shown).verdict() == [
        "The one criterion that chooses says 3."
    ]
    assert made(criterion("a", None)).verdict()[0].startswith("No criterion")


def test_plain_text_holds_values_spread_choice_and_reasons(found: Panel) -> None:
    """One aligned table; no markup."""
    text = plain_text(found)
    lines = text.splitlines()
    assert lines[0] == heading(found)
    error = next(line for line in lines if line.startswith("Relative error"))
    assert error.split()[2] == "3"
    assert sum("*" in cell for cell in error.split()) == 1
    assert "Held-out error: no choice; the solver" in text
    assert "  lowest" in text
    assert "\x1b" not in text


def test_a_terminal_gets_a_table_of_the_same(found: Panel) -> None:
    """Every criterion is in it."""
    from rich.console import Console

    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(*rich_text(found), sep="\n")
    text = console.export_text()
    for one in found.criteria:
        assert one.title in text


def test_of_many_sizes_the_chosen_and_the_ends_are_shown() -> None:
    """A terminal has room for ten."""
    wide = Panel(
        dataset="d",
        solver="s",
        objective="o",
        sizes=list(range(2, 31)),
        criteria=[criterion("a", 3), criterion("b", 17)],
    )
    sizes = shown_sizes(wide)
    assert len(sizes) <= 10
    assert {2, 3, 17, 30} <= set(sizes)
    assert "10 of 29 sizes" in plain_text(wide) or len(sizes) < 10
