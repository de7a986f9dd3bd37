"""An archive of a study: what is in it, what is not, and that it can be used."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import nmflab
from nmflab.config import ConfigError
from nmflab.contracts import Dataset
from nmflab.registry import Registry
from nmflab.report import build
from nmflab.sharing import Exported, export
from nmflab.store import Store
from tests.report.conftest import RATINGS, Study

HOST = "lab-seven.uni.example"
HOME = "/home/anneliese"
PATIENTS = [f"Patient-{name}" for name in ("Quax", "Brill", "Zorn", "Mumm", "Wick")]
DRUGS = ["Xanthol", "Ybrinex", "Zephrine", "Quillon"]
TOKENS = ["secretword another", "more", "of", "these", "documents"]


def recorded(**terms: str) -> dict[str, Any]:
    """Return what a sweep records of data sets of these terms."""
    named = {
        name: {"name": name, "terms": said, "references": []}
        for name, said in terms.items()
    }
    return {"dataset": named, "solver": {}, "init": {}, "metric": {}}


def write_study(folder: Path) -> None:
    """Write a study of free and of forbidden data, full of what must not leave."""
    study = Study(
        folder, **{"dataset": {"name": "free", "path": f"{HOME}/my data/X.csv"}}
    )
    free = study.dataset(
        "free",
        Dataset(X=RATINGS, column_names=["Open-A", "Open-B", "Open-C", "Open-D"]),
    )
    forbidden = study.dataset(
        "forbidden",
        Dataset(
            X=RATINGS + 1,
            row_names=PATIENTS,
            column_names=DRUGS,
            row_labels=np.array([3, 1, 4, 1, 5]),
            extras={
                "tokens": TOKENS,
                "licence": "Nobody may have it.",
                "citation": "@misc{forbidden, title={The forbidden data}}",
                "source": f"{HOME}/forbidden.csv",
            },
        ),
    )
    for seed in range(2):
        where: dict[str, Any] = {"k": 2, "seed": seed}
        study.fitted(RATINGS, fingerprint=free, dataset="free", **where)
        study.fitted(
            RATINGS + 1,
            fingerprint=forbidden,
            dataset="forbidden",
            metrics={"top_features": ", ".join(DRUGS)},
            record={"warnings": [f"row {PATIENTS[0]!r} is odd; see {HOME}/notes.txt"]},
            **where,
        )
    study.run(
        {
            "status": "error",
            "reason": f"cannot read {HOME}/cache/x.npy on {HOST}",
            "traceback": f'  File "{HOME}/v/lib/python3.11/site-packages/a/b.py"',
        },
        solver="broken",
        dataset="free",
    )
    study.close(
        command=[f"dataset.path={HOME}/my data/X.csv", "solver=mu"],
        notes=[f"made on {HOST}"],
        provenance={
            "host": HOST,
            "plugins": recorded(free="shared", forbidden="restricted"),
            "origins": {f"the data of file(path={HOME}/X.csv)": "abc"},
        },
    )
    content = {"provenance": {"host": HOST}, "data": {f"x({HOME}/X.csv)": "abc"}}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / "log.txt").write_text(f"read {HOME}/X.csv\n", encoding="utf-8")
    (folder / "runs.jsonl").write_text("of a plugin", encoding="utf-8")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study with secrets."""
    folder = tmp_path_factory.mktemp("private") / "trial"
    write_study(folder)
    return folder


@pytest.fixture(scope="module")
def made(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return its archive, as a folder."""
    return export(study, Registry(), out=tmp_path_factory.mktemp("public") / "trial")


@pytest.fixture
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the report out, which takes the longest and is looked at elsewhere."""

    def bare(store: Store, *_: object, **__: object) -> None:
        folder = store.folder / "report"
        folder.mkdir()
        (folder / "references.bib").write_text("", encoding="utf-8")

    monkeypatch.setattr("nmflab.sharing.exporting.build", bare)


def contents(folder: Path) -> bytes:
    """Return everything in a folder, compressed cells of the store unpacked."""
    import zlib

    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    with sqlite3.connect(folder / "runs.sqlite") as db:
        for table in ("datasets", "factors", "traces"):
            for row in db.execute(f"SELECT * FROM {table}"):
                blobs = [cell for cell in row if isinstance(cell, bytes)]
                found += [zlib.decompress(blob) for blob in blobs]
    db.close()
    return b"\n".join(found)


def test_no_host_home_or_folder_is_in_any_byte(made: Exported, study: Path) -> None:
    """Searched for in every file, the free pages of SQLite and the page included."""
    found = contents(made.path)
    here = [socket.gethostname(), str(study.parent), str(Path.home()), str(Path.cwd())]
    secrets = [HOST, "lab-seven", HOME, "anneliese", *(s for s in here if len(s) > 3)]
    assert [secret for secret in secrets if secret.encode() in found] == []


def test_nothing_of_data_that_may_not_be_passed_on_is_there(made: Exported) -> None:
    """Neither names nor texts, nor what metrics and warnings quote of them."""
    found = contents(made.path)
    assert [name for name in (*PATIENTS, *DRUGS) if name.encode() in found] == []
    assert b"secretword" not in found
    with Store.open(made.path) as store:
        data = {one.label: one for one in store.datasets()}["forbidden"]
    assert (data.X, data.row_labels, data.row_names) == (None, None, None)
    assert set(data.extras) == {"licence", "citation", "source"}


def test_free_data_and_their_factors_are_there(made: Exported) -> None:
    """What may be passed on is complete: the archive needs nothing else."""
    with Store.open(made.path) as store:
        data = {one.label: one for one in store.datasets()}
        np.testing.assert_array_equal(data["free"].X, RATINGS)
        assert data["free"].column_names == ["Open-A", "Open-B", "Open-C", "Open-D"]
        runs = store.runs().set_index("key")
        runs = runs[runs["status"] == "ok"]
        kept = {key: store.factors(str(key)) is not None for key in runs.index}
    assert all(kept[key] == (runs.loc[key, "dataset"] == "free") for key in kept)


def test_the_charts_can_be_left_out(study: Path, tmp_path: Path) -> None:
    """The page holds them itself; nothing refers to files that are not there."""
    made = export(study, Registry(), out=tmp_path / "small", figures="none")
    assert not (made.path / "report" / "figures").exists()
    assert "figures/" not in (made.path / "report" / "report.md").read_text()
    assert "report/figures" not in (made.path / "README.md").read_text()


def test_every_run_and_number_is_there(made: Exported, study: Path) -> None:
    """Objectives, times, metrics and traces are results, not data."""
    with Store.open(study) as before, Store.open(made.path) as after:
        columns = ["key", "status", "objective_value", "seconds", "solver", "dataset"]
        assert after.runs()[columns].equals(before.runs()[columns])
        assert after.metric_table().equals(before.metric_table())
        assert len(after.traces()) == len(before.traces())


def test_what_was_left_out_is_said_with_the_reason(made: Exported) -> None:
    """In what the command prints, in the README and in the report."""
    said = " ".join(made.left_out)
    assert "forbidden: cells, names of rows and columns" in said
    assert "its terms do not let it be passed on: Nobody may have it" in said
    assert "free:" not in said
    readme = (made.path / "README.md").read_text(encoding="utf-8")
    report = (made.path / "report" / "report.md").read_text(encoding="utf-8")
    assert "Nobody may have it" in readme
    assert "Left out of it" in report


def test_the_archive_is_what_it_says(made: Exported) -> None:
    """Each file it needs, none of a plugin's, and sums that agree."""
    files = {
        path.relative_to(made.path).as_posix()
        for path in made.path.rglob("*")
        if path.is_file() and path.suffix != ".svg"
    }
    assert files == {
        "README.md",
        "CITATION.bib",
        "SHA256SUMS",
        "runs.sqlite",
        "study.yaml",
        "report/index.html",
        "report/report.md",
        "report/references.bib",
        "report/runs.csv",
        "report/environment.txt",
    }
    for line in (made.path / "SHA256SUMS").read_text().splitlines():
        told, _, name = line.partition("  ")
        content = (made.path / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == told


def test_the_citation_of_withheld_data_is_kept(made: Exported) -> None:
    """Who may not pass data on may cite them."""
    assert "The forbidden data" in (made.path / "CITATION.bib").read_text()


def test_the_same_study_gives_the_same_bytes(study: Path, tmp_path: Path) -> None:
    """Whenever and from wherever it is exported."""
    again = tmp_path / "elsewhere" / "trial"
    shutil.copytree(study, again)
    one = export(study, Registry(), out=tmp_path / "one.zip")
    two = export(again, Registry(), out=tmp_path / "two.zip")
    assert one.path.read_bytes() == two.path.read_bytes()
    with zipfile.ZipFile(one.path) as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {"trial"}


@pytest.mark.usefixtures("unreported")
def test_an_archive_of_an_archive_is_the_same(made: Exported, tmp_path: Path) -> None:
    """Nothing more is taken out, and nothing that was told of is forgotten."""
    again = export(made.path, Registry(), out=tmp_path / "again" / "trial")
    for name in ("runs.sqlite", "study.yaml"):
        assert (again.path / name).read_bytes() == (made.path / name).read_bytes()
    assert again.left_out == made.left_out


def test_a_report_can_be_built_from_the_archive(made: Exported, tmp_path: Path) -> None:
    """The unpacked archive is a study."""
    copy = tmp_path / "trial"
    shutil.copytree(made.path, copy)
    with Store.open(copy) as store:
        assert build(store).exists()


@pytest.mark.usefixtures("unreported")
def test_data_are_included_where_the_user_takes_it_upon_himself(
    study: Path, tmp_path: Path
) -> None:
    """``data=include`` leaves nothing out but the machine."""
    made = export(study, Registry(), out=tmp_path / "all", data="include")
    with Store.open(made.path) as store:
        data = {one.label: one for one in store.datasets()}["forbidden"]
        assert data.row_names == PATIENTS
        assert data.X is not None
    assert len(made.left_out) == 1
    assert HOME.encode() not in contents(made.path)
    assert (made.path / "log.txt").read_text() == "read X.csv\n"


@pytest.mark.usefixtures("unreported")
def test_a_study_is_exported_from_python(study: Path, tmp_path: Path) -> None:
    """The same options as on the command line."""
    made = nmflab.Study(study).export(tmp_path / "trial.zip", data="none")
    assert made.path.exists()
    assert [one.data for one in made.decided] == [False, False]
    said = {line.split(":")[0]: line for line in made.left_out if ": cells" in line}
    assert said["free"].endswith("(as asked).")
    assert "its terms do not let it" in said["forbidden"]


def test_what_was_made_prints_without_the_data(made: Exported) -> None:
    """In a notebook as after the command: where, how large, what is not in it."""
    assert str(made).startswith(f"{made.path} (")
    assert all(f"\n  {line}" in str(made) for line in made.left_out)
    assert "StoredDataset" not in repr(made)


@pytest.mark.usefixtures("unreported")
def test_factors_can_be_left_out_of_free_data(study: Path, tmp_path: Path) -> None:
    """``factors=none`` keeps the results."""
    made = export(study, Registry(), out=tmp_path / "bare", factors="none")
    with Store.open(made.path) as store:
        assert [key for key in store.runs()["key"] if store.factors(key)] == []


@pytest.mark.usefixtures("unreported")
def test_data_of_unknown_terms_are_withheld(study: Path, tmp_path: Path) -> None:
    """What nobody said may be passed on is not."""
    copy = tmp_path / "silent"
    shutil.copytree(study, copy)
    with sqlite3.connect(copy / "runs.sqlite") as db:
        (text,) = db.execute("SELECT provenance FROM sweeps").fetchone()
        provenance = {**json.loads(text), "plugins": {}}
        db.execute("UPDATE sweeps SET provenance=?", (json.dumps(provenance),))
    db.close()
    made = export(copy, Registry(), out=tmp_path / "out")
    assert {one.terms for one in made.decided} == {"unknown"}
    assert b"Open-A" not in contents(made.path)


@pytest.mark.usefixtures("unreported")
def test_factors_in_files_of_their_own_are_copied(tmp_path: Path) -> None:
    """Under their names, with the sums that the store holds."""
    study = Study(tmp_path / "large")
    data = study.dataset("free", Dataset(X=RATINGS))
    (tmp_path / "large" / "factors").mkdir()
    file = tmp_path / "large" / "factors" / "k.npz"
    np.savez(file, W=np.ones((5, 2)), H=np.ones((2, 4)))
    told = {
        "path": f"{HOME}/large/factors/k.npz",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    key = study.run(
        {"fingerprint": data, "factors": told, "objective_value": 1.0}, dataset="free"
    )
    study.close(provenance={"plugins": recorded(free="generated")})
    made = export(tmp_path / "large", Registry(), out=tmp_path / "out")
    with Store.open(made.path) as store:
        found = store.factors(key)
    assert found is not None
    assert found.W.shape == (5, 2)
    assert HOME.encode() not in contents(made.path)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"colour": "red"}, "export: no option colour=; there are out=, data="),
        ({"data": "maybe"}, "export: data=maybe; choose from terms, include, none"),
    ],
)
def test_an_unknown_choice_is_refused(
    study: Path, asked: dict[str, Any], message: str
) -> None:
    """With those there are."""
    with pytest.raises(ConfigError, match=message):
        export(study, Registry(), **asked)


@pytest.mark.usefixtures("unreported")
def test_nothing_is_overwritten_that_is_no_archive(study: Path, tmp_path: Path) -> None:
    """A file of another kind, a full folder, the study itself."""
    other = tmp_path / "thesis.zip"
    other.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"was not written by nmflab export"):
        export(study, Registry(), out=other)
    with pytest.raises(ConfigError, match="is there and not empty"):
        export(study, Registry(), out=tmp_path)
    with pytest.raises(ConfigError, match="lies in the study"):
        export(study, Registry(), out=study / "archive")
    assert other.read_text(encoding="utf-8") == "mine"
