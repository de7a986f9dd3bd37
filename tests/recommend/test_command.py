"""`nmflab recommend`: from a study to lines, a table or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

import nmflab.store.writer
from nmflab.cli import main
from nmflab.commands import recommend
from nmflab.recommend import plain_text, rich_text
from nmflab.recommend import recommend as recommended
from nmflab.store import Store

SWEEP = [
    "dataset=movie_ratings",
    "dataset.zeros=missing",
    "solver=mu",
    "n_components=1,2",
    "seed=0",
    "stop.max_steps=50",
    "executor.name=serial",
    "metrics=[rmse]",
    "report=false",
]


def swept(folder: Path) -> Path:
    """Run a small sweep in this process and return its study."""
    assert main([*SWEEP, f"study={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study of the five users and four films."""
    return swept(tmp_path_factory.mktemp("swept") / "ratings")


def test_the_command_prints_who_may_like_what(
    ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """User 2 has not rated films 2 and 3; both are told of, with why this run."""
    assert main(["recommend", str(ratings), "user=User 2"]) == 0
    said = capsys.readouterr().out
    assert "the lowest objective" in said
    assert "User 2 (2 known already and left out)" in said
    ranked = [line.split() for line in said.splitlines() if "  Film " in line]
    assert sorted(words[2] for words in ranked) == ["2", "3"]


def test_every_user_is_written_to_a_file(
    ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a recommendation: the seven cells without a rating."""
    target = tmp_path / "all.csv"
    assert main(["recommend", str(ratings), f"csv={target}"]) == 0
    found = pd.read_csv(target)
    assert len(found) == 7
    assert str(target) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["usr=1"], "no option usr=; there are user=, top="),
        (["top=many"], "top=many is no count"),
        (["user=Usr 2"], "no user 'Usr 2'; did you mean 'User"),
        (["csv=/nowhere/at/all.csv"], "cannot write csv="),
        (["another"], "2 studies given; name one"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    ratings: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    """Exit code 2, and no traceback."""
    assert main(["recommend", str(ratings), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_data_too_large_for_the_store_come_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were materialised once, and are found by the study's own configuration."""
    monkeypatch.setattr(nmflab.store.writer, "X_CELLS", 1)
    study = swept(tmp_path / "large")
    with Store.open(study) as store:
        assert [dataset.X for dataset in store.datasets()] == [None]
    found, _ = recommend(study, {"user": "User 2"})
    assert set(found["item"]) == {"Film 2", "Film 3"}


def test_data_that_the_cache_lost_are_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says that the sweep's command loads them again."""
    monkeypatch.setattr(nmflab.store.writer, "X_CELLS", 1)
    study = swept(tmp_path / "large")
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "emptied"))
    assert main(["recommend", str(study)]) == 2
    assert "command of the sweep again" in capsys.readouterr().err


def test_a_terminal_shows_what_plain_lines_do(store: Any) -> None:
    """Every item, value and share, the clipped ones marked; names are no markup."""
    frame = recommended(store, user="Ann")
    console = Console(width=120, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(*rich_text(frame), sep="\n")
    for text in (captured.get(), plain_text(frame)):
        for said in ("Dune", "5.00*", "Feature 1, 92 %", "Casablanca", "2 known"):
            assert said in text
        assert "* predicted beyond the rating scale" in text


def test_items_that_few_know_are_told(store: Any) -> None:
    """Both of Ann's have one rating, the run two components."""
    assert "2 of these 2 are known by fewer users" in plain_text(
        recommended(store, user="Ann")
    )
    brazil = recommended(store, user="Bob", min_known=2)
    assert "known by fewer users" not in plain_text(brazil)


def test_who_knows_everything_is_told_so(study: Any, factors: Any) -> None:
    """A user without anything left has a line, not a table."""
    import numpy as np

    from nmflab.contracts import Dataset

    study.data(Dataset(X=np.ones((3, 4)), row_names=["[red]Ann", "Bob", "Cleo"]))
    study.run(factors)
    frame = recommended(study.open(), user=1)
    assert frame.empty
    said = "4 known already and left out; nothing else is there to recommend"
    assert said in plain_text(frame)
    console = Console(width=120)
    with console.capture() as captured:
        console.print(*rich_text(frame), sep="\n")
    assert "[red]Ann" in captured.get()
