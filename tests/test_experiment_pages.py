"""Each saved experiment has a page, and what its page says can be typed."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from nmflab.commands import spaces_of, sweep
from nmflab.sweep.outcome import DryRun

ROOT = Path(__file__).parents[1]
# The studies speed_*.yaml share a page; tests/test_solver_speed.py is about them.
SAVED = sorted(
    path.stem
    for path in (ROOT / "conf/experiment").glob("*.yaml")
    if not path.stem.startswith("speed_")
)
PAGES = [ROOT / "experiments" / name / "README.md" for name in SAVED]

# A setting without chance is run once: cases by seeds, or solvers by sizes by starts.
PLANNED = {
    "three_systems": 4,
    "movie_ratings": 1 + 3 * 5,
    "grocery_baskets": 3 + 5,
    "purchase_patterns": 3 * 3 * 10,
    "own_file": 3 * 4 * (5 + 1),
    "movielens_100k": 5 * 3,
    "movielens_100k_references": 5 * 2,
    "planted_size": 4 * 3 * 8,
    "cbcl_parts": 3 * 3,
    "local_minima": 3 * 2 * 40,
    "circulant": 2 * 20,
    # 5 sizes: all data; 8 blocks; 10 samples and 10 draws; 3 shuffles; and 5 of ARD.
    "bbc_sections": 5 * (1 + 8 + 10 + 10 + 3) + 5,
    "samson_unmixing": 2 * 5 + 5,
    "all_aml_consensus": 4 * 50,
    "bbc_topics": 3 * 6,
    "movielens_genres": 3 * 8,
    "breast_signatures": 2 * 10,
    "breast_draws": 2 * 3 * 20,
}

PUBLISHED = {
    "bbc_sections",
    "movielens_100k",
    "movielens_100k_references",
    "cbcl_parts",
    "samson_unmixing",
    "all_aml_consensus",
    "bbc_topics",
    "movielens_genres",
    "breast_signatures",
    "breast_draws",
}
MIRROR = os.environ.get("NMFLAB_DATA")


def commands(page: Path) -> list[str]:
    """Return the nmflab commands in the shell blocks of a page."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("nmflab ")]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where a newcomer does, with a small table called X.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NMFLAB_DATA", "data")
    rows = [f"{i % 7},{i % 5},{i % 3},{i % 2 + 1}" for i in range(12)]
    rows = [f"{row},{row}" for row in rows]  # 8 columns, for 8 components of nndsvda
    (tmp_path / "X.csv").write_text("\n".join(["a,b,c,d,e,f,g,h", *rows]) + "\n")


def test_there_are_saved_experiments() -> None:
    """The glob above finds those this file counts."""
    assert set(PLANNED) == set(SAVED)


@pytest.mark.parametrize("page", PAGES, ids=SAVED)
def test_a_saved_experiment_has_a_page_that_asks_tells_and_answers(page: Path) -> None:
    """Question, command, answer, what to look at, source: each is there."""
    text = page.read_text(encoding="utf-8")
    for part in ("**Question.**", "**Answer", "**What to look at.**", "**Source"):
        assert part in text
    command, *_ = commands(page)
    assert command.split()[1] == f"experiment={page.parent.name}"


@pytest.mark.parametrize(
    "command",
    [command for page in PAGES if page.exists() for command in commands(page)],
)
def test_each_command_of_a_page_composes(command: str) -> None:
    """It is typed as the page has it, and every key and name in it is known."""
    words = shlex.split(os.path.expandvars(command))
    spaces, _ = spaces_of(words[1:])
    assert sum(space.size for space in spaces) >= 1


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_experiment_plans_the_runs_its_page_speaks_of(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run loads the data, skips nothing, and leaves no study behind."""
    if name in PUBLISHED:
        if MIRROR is None:
            pytest.skip("NMFLAB_DATA names no folder of published data")
        monkeypatch.setenv("NMFLAB_DATA", MIRROR)
    path = ["dataset.path=X.csv"] if name == "own_file" else []
    plan, page = sweep(
        [f"experiment={name}", *path, "dry_run=true", "executor.name=serial"],
        quiet=True,
    )
    assert isinstance(plan, DryRun)
    assert (plan.n_runs, plan.skipped) == (PLANNED[name], {})
    assert page is None
    assert not plan.folder.exists()


@pytest.mark.parametrize("name", SAVED)
def test_the_read_me_links_each_saved_experiment(name: str) -> None:
    """Its table of experiments is complete."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"[{name}](experiments/{name}/README.md)" in text


def test_the_pages_link_only_what_is_there() -> None:
    """Links to files of the repository, from the read-me's table and from each page."""
    pages = [ROOT / "README.md", *(page for page in PAGES if page.exists())]
    gone = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+\.md)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert gone == []
