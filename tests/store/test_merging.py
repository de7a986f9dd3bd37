"""Several studies read as one: what is pooled, what is kept apart, what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.store import MergedStore, Store, StoreError
from tests.report.conftest import RATINGS, Study


def made(
    folder: Path,
    seeds: Sequence[int] = (0, 1),
    *,
    host: str = "here",
    steps: int = 60,
    solver: str = "mu",
    data: str = "print of the ratings",
    base: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
    **provenance: Any,
) -> Path:
    """Write a study of one solver on the ratings; return its folder."""
    study = Study(folder, **(base or {}))
    study.dataset("ratings", Dataset(X=RATINGS), fingerprint=data)
    for seed in seeds:
        study.fitted(
            RATINGS,
            fingerprint=data,
            k=2,
            seed=seed,
            steps=steps,
            solver=solver,
            dataset="ratings",
            record=record,
        )
    study.close(provenance={"host": host, **provenance})
    return folder


def test_runs_of_other_seeds_are_pooled(tmp_path: Path) -> None:
    """Two halves of one study are the whole study."""
    a, b = made(tmp_path / "a", (0, 1)), made(tmp_path / "b", (2, 3))
    with MergedStore([a, b]) as store:
        assert store.runs()["seed"].tolist() == [0, 1, 2, 3]
        assert set(store.runs()["solver"]) == {"mu"}


def test_the_same_digits_make_one_run_with_a_twin(tmp_path: Path) -> None:
    """A run that two machines made alike is counted once, its repetition kept aside."""
    a, b = made(tmp_path / "a", (0, 1)), made(tmp_path / "b", (1, 2), host="there")
    with MergedStore([a, b]) as store:
        assert store.runs()["seed"].tolist() == [0, 1, 2]
        assert store.twins()["seed"].tolist() == [1]
        assert dict(store.merge.twins) == {("a", "b"): 1}
        assert store.merge.conflicts == []


def test_a_twin_keeps_its_own_time_trace_and_factors(tmp_path: Path) -> None:
    """The times of both machines are there, under keys that differ."""
    a = made(tmp_path / "a", (0,), record={"seconds": 1.0})
    b = made(tmp_path / "b", (0,), record={"seconds": 5.0})
    with MergedStore([a, b]) as store:
        (first,), (twin,) = store.runs()["key"], store.twins()["key"]
        assert store.runs()["seconds"].tolist() == [1.0]
        assert store.twins()["seconds"].tolist() == [5.0]
        assert first != twin
        assert len(store.traces([twin])) == len(store.traces([first])) > 3
        found = store.factors(twin)
        assert found is not None
        with Store.open(b) as own:
            (key,) = own.runs()["key"]
            known = own.factors(key)
        assert known is not None
        np.testing.assert_array_equal(found.W, known.W)


def test_other_digits_keep_both_runs_and_say_which_figure(tmp_path: Path) -> None:
    """The later one stands under a name of its own, so that no seed counts twice."""
    a, b = made(tmp_path / "a", (0,)), made(tmp_path / "b", (0,), steps=61)
    with MergedStore([a, b]) as store:
        assert store.runs()["solver"].tolist() == ["mu", "mu [b]"]
        (conflict,) = store.merge.conflicts
        assert conflict.column == "objective_value"
        assert conflict.studies == ("a", "b")
        low, high = sorted(map(float, conflict.values))  # type: ignore[arg-type]
        assert conflict.relative == pytest.approx((high - low) / high)


def test_a_difference_in_the_last_bit_is_a_difference(tmp_path: Path) -> None:
    """Digits are compared as they are, not within a tolerance."""
    a = made(tmp_path / "a", (0,), record={"kappa": 1.0})
    b = made(tmp_path / "b", (0,), record={"kappa": float(np.nextafter(1.0, 2.0))})
    with MergedStore([a, b]) as store:
        assert [one.column for one in store.merge.conflicts] == ["kappa"]


def test_a_finished_run_stands_for_one_that_failed(tmp_path: Path) -> None:
    """A run that timed out in one study and finished in another is a finished run."""
    slow = Study(tmp_path / "slow")
    slow.run({"status": "timeout", "reason": "no answer"}, dataset="ratings")
    slow.close()
    b = made(tmp_path / "b", (0,))
    with MergedStore([tmp_path / "slow", b]) as store:
        assert store.runs()["status"].tolist() == ["ok"]
        (stood,) = store.merge.stood
        assert (stood.study, stood.other, stood.status) == ("b", "slow", "timeout")


def test_runs_not_yet_made_give_way_to_those_made_elsewhere(tmp_path: Path) -> None:
    """A plan divided among machines is complete once each has done its part."""
    first = Study(tmp_path / "first")
    first.run({}, dataset="ratings", seed=0)
    first.close()
    b = made(tmp_path / "b", (0,))
    with MergedStore([tmp_path / "first", b]) as store:
        assert store.runs()["status"].tolist() == ["ok"]
        assert store.merge.stood == []


def test_one_name_for_two_parameters_is_parted(tmp_path: Path) -> None:
    """Labels name what differs within a study; a merge names what differs between."""
    nodes = [{"name": "mu", "inner": n} for n in (1, 2)]
    a = made(tmp_path / "a", (0,), base={"solver": nodes[0]})
    b = made(tmp_path / "b", (1,), base={"solver": nodes[1]})
    with MergedStore([a, b]) as store:
        assert store.runs()["solver"].tolist() == ["mu(inner=1)", "mu(inner=2)"]
        (renamed,) = store.merge.renamed
        assert renamed.why == "parameters"
        assert renamed.names == {"mu(inner=1)": ("a",), "mu(inner=2)": ("b",)}


def test_settings_that_change_results_part_a_name(tmp_path: Path) -> None:
    """Runs to another tolerance are not seeds of one group."""
    a = made(tmp_path / "a", (0,), base={"stop": {"kkt": 1e-4}})
    b = made(tmp_path / "b", (1,), base={"stop": {"kkt": 1e-6}})
    with MergedStore([a, b], settings=["stop"]) as store:
        names = store.runs()["solver"].tolist()
        assert names == ["mu(stop.kkt=0.0001)", "mu(stop.kkt=1e-06)"]


@pytest.mark.parametrize(
    "what", ["the source of solver mu", "nmflab's loop or numerics"]
)
def test_changed_code_is_not_pooled(tmp_path: Path, what: str) -> None:
    """A solver whose source has changed is another solver."""
    base = {"solver": {"name": "mu"}}
    a = made(tmp_path / "a", (0,), base=base, origins={what: "old"})
    b = made(tmp_path / "b", (1,), base=base, origins={what: "new"})
    with MergedStore([a, b]) as store:
        assert store.runs()["solver"].tolist() == ["mu [a]", "mu [b]"]
        assert {one.why for one in store.merge.renamed} == {"code"}


def test_one_name_for_two_data_sets_is_parted(tmp_path: Path) -> None:
    """Fingerprints decide what is the same data."""
    a = made(tmp_path / "a", (0,), data="one print")
    b = made(tmp_path / "b", (1,), data="another print")
    with MergedStore([a, b]) as store:
        assert store.runs()["dataset"].tolist() == ["ratings [a]", "ratings [b]"]
        labels = {one.fingerprint: one.label for one in store.datasets()}
        assert labels == {"one print": "ratings [a]", "another print": "ratings [b]"}


def test_the_longest_name_of_a_meaning_is_taken(tmp_path: Path) -> None:
    """A study that varied a parameter names it, and the merge follows."""
    node = {"name": "mu", "inner": 2}
    a = made(tmp_path / "a", (0,), solver="mu(inner=2)", base={"solver": node})
    b = made(tmp_path / "b", (1,), solver="mu", base={"solver": node})
    with MergedStore([a, b]) as store:
        assert set(store.runs()["solver"]) == {"mu(inner=2)"}
        assert store.merge.renamed == []


def test_configurations_and_warnings_are_found_under_the_merged_key(
    tmp_path: Path,
) -> None:
    """What is asked by key answers for the study that made the run."""
    a = made(tmp_path / "a", (0,), base={"solver": {"name": "mu"}})
    b = made(
        tmp_path / "b",
        (0,),
        steps=61,
        base={"solver": {"name": "mu"}},
        record={"warnings": ["said in b"]},
    )
    with MergedStore([a, b]) as store:
        first, second = store.runs()["key"]
        assert store.warnings(second) == ["said in b"]
        assert store.warnings(first) == []
        assert store.config(second)["solver"] == {"name": "mu"}
        assert set(store.metric_table().index) == {first, second}
        assert store.studies_of()[second].tag == "b"


def test_only_the_last_command_of_each_study_is_merged(tmp_path: Path) -> None:
    """As in the report of one study, unless all are asked for."""
    a = made(tmp_path / "a", (0,))
    again = Study(tmp_path / "a")
    again.run({"objective_value": 1.0}, dataset="ratings", seed=9)
    again.close()
    b = made(tmp_path / "b", (1,))
    with MergedStore([a, b]) as store:
        assert store.runs()["seed"].tolist() == [9, 1]
        assert len(store.asked()) == 2
    with MergedStore([a, b], all_sweeps=True) as store:
        assert store.runs()["seed"].tolist() == [0, 9, 1]
        assert len(store.asked()) == 3


def test_studies_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    """``x/movies`` and ``y/movies`` are called so; a third keeps its short name."""
    folders = [tmp_path / "x" / "movies", tmp_path / "y" / "movies", tmp_path / "z"]
    for n, folder in enumerate(folders):
        made(folder, (n,))
    with MergedStore(folders) as store:
        assert [one.tag for one in store.merge.studies] == ["x/movies", "y/movies", "z"]
        assert store.name == "x/movies + y/movies + z"


def test_a_metric_measured_in_two_ways_is_named(tmp_path: Path) -> None:
    """The digests of what values depend on differ between the studies."""
    for name, digest in (("a", "old"), ("b", "new")):
        folder = made(tmp_path / name, (0,) if name == "a" else (1,))
        with sqlite3.connect(folder / "runs.sqlite") as db:
            db.execute(
                "INSERT INTO measured SELECT key, 'relative_error', ? FROM runs",
                (digest,),
            )
        db.close()
    with MergedStore([tmp_path / "a", tmp_path / "b"]) as store:
        assert list(store.merge.metrics) == ["relative_error"]


def test_metrics_over_seeds_of_both_studies_are_kept(tmp_path: Path) -> None:
    """Groups of other members are other groups; the same group is there once."""
    for name, seeds in (("a", (0, 1)), ("b", (0, 1)), ("c", (2, 3))):
        folder = made(tmp_path / name, seeds)
        with sqlite3.connect(folder / "runs.sqlite") as db:
            keys = [key for (key,) in db.execute("SELECT key FROM plan ORDER BY seed")]
            told = str(keys).replace("'", '"')
            db.execute(
                "INSERT INTO seed_groups VALUES ('g', 'consensus', 'd', ?)", (told,)
            )
            db.execute(
                "INSERT INTO seed_metrics VALUES"
                " ('g', 'consensus', 'consensus', 0.9, NULL, NULL)"
            )
        db.close()
    with MergedStore([tmp_path / n for n in "abc"]) as store:
        found = store.group_metrics()
        assert found["n_runs"].tolist() == [2, 2]
        assert set(map(tuple, found["keys"])) == {
            tuple(store.runs()["key"][:2]),
            tuple(store.runs()["key"][2:]),
        }


def test_a_study_of_an_earlier_nmflab_is_merged(tmp_path: Path) -> None:
    """Tables and columns that it did not have yet are empty."""
    a, b = made(tmp_path / "a", (0,)), made(tmp_path / "b", (1,))
    with sqlite3.connect(a / "runs.sqlite") as db:
        for table in ("measured", "seed_groups", "seed_metrics"):
            db.execute(f"DROP TABLE {table}")
        db.execute("ALTER TABLE runs DROP COLUMN objective_rank_one")
        db.execute("ALTER TABLE runs DROP COLUMN own_objective")
    db.close()
    with MergedStore([a, b]) as store:
        assert store.runs()["seed"].tolist() == [0, 1]
        assert store.group_metrics().empty


def test_a_study_named_twice_is_refused(tmp_path: Path) -> None:
    """Whatever way its folder is written."""
    a = made(tmp_path / "a", (0,))
    with pytest.raises(StoreError, match=r"is the same study as .*name each one once"):
        MergedStore([a, tmp_path / "b" / ".." / "a"])


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    """The message names it."""
    a = made(tmp_path / "a", (0,))
    with pytest.raises(StoreError, match=r"no study at .*nowhere"):
        MergedStore([a, tmp_path / "nowhere"])


def test_a_study_of_a_newer_nmflab_is_refused(tmp_path: Path) -> None:
    """Nothing is read of a file whose meaning may have changed."""
    a, b = made(tmp_path / "a", (0,)), made(tmp_path / "b", (1,))
    with sqlite3.connect(b / "runs.sqlite") as db:
        db.execute("UPDATE meta SET value='99' WHERE name='schema_version'")
    db.close()
    with pytest.raises(StoreError, match="written by a newer nmflab"):
        MergedStore([a, b])


def test_more_studies_than_can_be_attached_are_refused(tmp_path: Path) -> None:
    """SQLite has a limit, and a sentence says so."""
    with pytest.raises(StoreError, match="11 studies are named; 10 can be merged"):
        MergedStore([tmp_path / str(n) for n in range(11)])


def test_no_study_is_written_to(tmp_path: Path) -> None:
    """A merge reads: the files stay as they are, byte for byte."""
    folders = [made(tmp_path / "a", (0,)), made(tmp_path / "b", (0,), steps=61)]
    files = [folder / "runs.sqlite" for folder in folders]
    before = [file.read_bytes() for file in files]
    with MergedStore(folders) as store:
        store.runs()
        store.traces()
    assert [file.read_bytes() for file in files] == before


def test_hosts_of_exported_studies_are_told_apart(tmp_path: Path) -> None:
    """``machine 1`` of one archive is not ``machine 1`` of another."""
    a = made(tmp_path / "a", (0,), host="machine 1")
    b = made(tmp_path / "b", (1,), host="machine 1")
    with MergedStore([a, b]) as store:
        hosts = [sweep.provenance["host"] for sweep in store.sweeps()]
        assert hosts == ["machine 1 of a", "machine 1 of b"]
