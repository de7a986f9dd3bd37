from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from nmflab import session
from nmflab.config import AXES, ConfigError
from nmflab.contracts import Promises, SolverSpec
from nmflab.registry import Registry
from nmflab.sources import source_hash
from nmflab.sweep import plan as planning
from nmflab.sweep.expand import Space
from nmflab.sweep.nodes import node_text
from nmflab.sweep.plan import Data, Plan, Planned

FACTS = {
    "n_samples": 5,
    "n_features": 4,
    "n_stored": 20,
    "n_observed": 20,
    "storage": "dense",
    "missing": "none",
    "minimum": 0.0,
    "maximum": 5.0,
    "fingerprint": "f" * 32,
}
AXIS_NODES: dict[str, Any] = {
    "dataset": {"name": "movie_ratings", "seed": 0, "zeros": "values"},
    "weighting": {"name": "none"},
    "split": {"name": "none", "seed": 0},
    "objective": {"loss": "frobenius", "l1_W": 0.0, "l1_H": 0.0},
    "init": {"name": "random"},
    "solver": {"name": "hals", "inner": None},
    "n_components": 2,
    "seed": 0,
    "dtype": "float64",
}
SETTINGS: dict[str, Any] = {
    "study": None,
    "restarts": 1,
    "halving": None,
    "stop": {"kkt": 1e-4, "max_steps": 2000},
    "missing_as_zero": False,
    "refit": False,
    "trace": True,
    "metrics": ["relative_error"],
    "metric": {},
    "limits": {"timeout_s": 3600.0, "memory_mb": None, "threads": 1},
    "executor": {"name": "local", "n_jobs": None},
    "save": {"factors": "all", "max_gb": 5.0},
    "report": True,
    "dry_run": False,
    "retry": [],
    "fail_fast": False,
}


def space(*, settings: Mapping[str, Any] = {}, case: str = "", **axes: Any) -> Space:
    """Return a space: each axis given holds the list of nodes, the others one each."""
    nodes = {axis: axes.get(axis, [AXIS_NODES[axis]]) for axis in AXES}
    return Space(axes=nodes, settings={**SETTINGS, **settings}, case=case)


def plan_of(
    *spaces: Space,
    registry: Registry | None = None,
    data: Data = Data(facts=FACTS),  # noqa: B008 (frozen)
) -> Plan:
    """Return the plan of some spaces, all their datasets having the same data."""
    nodes = [node_text(node) for one in spaces for node in one.axes["dataset"]]
    return Plan(spaces, registry or session.registry(), dict.fromkeys(nodes, data))


def keys(*spaces: Space, **more: Any) -> list[str]:
    """Return the keys of the runs planned."""
    return [planned.key for planned in plan_of(*spaces, **more)]


def only(*spaces: Space, **more: Any) -> Planned:
    """Return the one run planned."""
    [planned] = plan_of(*spaces, **more)
    return planned


def label(planned: Planned, axis: str) -> Any:
    """Return the label of a run's node on an axis."""
    return planned.labels[AXES.index(axis)]


def solver(name: str = "hals", **parameters: Any) -> dict[str, Any]:
    """Return a solver's node."""
    return {"name": name, **parameters}


def with_solver(spec: SolverSpec) -> Registry:
    """Return a copy of the registry in which `hals` is another solver."""
    registry = copy.copy(session.registry())
    registry.solvers = {**registry.solvers, spec.name: spec}
    return registry


def test_a_key_is_the_same_each_time_and_32_hex_digits() -> None:
    """It is what a finished run is found by."""
    key = only(space()).key
    assert re.fullmatch("[0-9a-f]{32}", key)
    assert only(space()).key == key


def test_a_key_does_not_depend_on_what_else_the_sweep_holds() -> None:
    """A run of a large sweep is found again by a small one."""
    wide = space(n_components=[1, 2, 3], solver=[solver("mu"), AXIS_NODES["solver"]])
    assert only(space()).key in keys(wide)


def test_a_key_does_not_depend_on_the_order_of_parameters() -> None:
    """A mapping has none."""
    ordered = {"zeros": "values", "seed": 0, "name": "movie_ratings"}
    assert only(space(dataset=[ordered])).key == only(space()).key


@pytest.mark.parametrize(
    ("axis", "node"),
    [
        ("dataset", {"name": "movie_ratings", "seed": 1, "zeros": "values"}),
        ("weighting", {"name": "unit_rows"}),
        ("split", {"name": "speckled", "seed": 0}),
        ("split", {"name": "none", "seed": 1}),
        ("objective", {"loss": "kullback_leibler", "l1_W": 0.0, "l1_H": 0.0}),
        ("objective", {"loss": "frobenius", "l1_W": 0.5, "l1_H": 0.0}),
        ("init", {"name": "nndsvd"}),
        ("solver", {"name": "hals", "inner": 2}),
        ("solver", {"name": "mu"}),
        ("n_components", 3),
        ("seed", 1),
        ("dtype", "float32"),
    ],
)
def test_a_key_changes_with_every_axis(axis: str, node: Any) -> None:
    """Two runs that differ anywhere are two runs."""
    changed: dict[str, Any] = {axis: [node]}
    assert only(space(**changed)).key != only(space()).key


@pytest.mark.parametrize(
    "changed",
    [
        {"restarts": 2},
        {"halving": 2},
        {"stop": {"kkt": 1e-5, "max_steps": 2000}},
        {"stop": {"kkt": 1e-4, "max_steps": 10}},
        {"missing_as_zero": True},
        {"trace": False},
        {"limits": {**SETTINGS["limits"], "threads": 2}},
    ],
    ids=str,
)
def test_a_key_changes_with_what_changes_the_result(changed: dict[str, Any]) -> None:
    """Threads among them: sums are then taken in another order."""
    assert only(space(settings=changed)).key != only(space()).key


@pytest.mark.parametrize(
    "changed",
    [
        {"limits": {**SETTINGS["limits"], "timeout_s": 1.0}},
        {"limits": {**SETTINGS["limits"], "memory_mb": 100.0}},
        {"report": False},
        {"executor": {"name": "serial", "n_jobs": 1}},
        {"metrics": ["rmse"]},
        {"study": "other"},
        {"retry": ["error"]},
        {"save": {"factors": "none", "max_gb": 1.0}},
        {"fail_fast": True},
    ],
    ids=str,
)
def test_a_key_does_not_change_with_the_rest(changed: dict[str, Any]) -> None:
    """What only says how and where a run is made drops no result."""
    assert only(space(settings=changed)).key == only(space()).key


def test_a_key_does_not_change_with_the_label_of_a_case() -> None:
    """A case is a name for overrides, not part of them."""
    assert only(space(case="one")).key == only(space()).key


def test_a_key_changes_with_the_data() -> None:
    """The fingerprint of what was loaded is part of it."""
    other = Data(facts={**FACTS, "fingerprint": "0" * 32})
    assert only(space(), data=other).key != only(space()).key


@pytest.mark.parametrize("module", ["nmflab_solvers.hals", "nmflab_inits.random"])
def test_a_key_changes_with_the_source_of_its_plugins(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed solver or start makes its runs new."""
    before = only(space()).key

    def changed(asked: str) -> str:
        return "new" if asked == module else source_hash(asked)

    monkeypatch.setattr(planning, "source_hash", changed)
    assert only(space()).key != before


def test_a_key_keeps_when_the_source_of_another_plugin_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A changed solver drops its own results only."""
    before = only(space()).key
    monkeypatch.setattr(
        planning,
        "source_hash",
        lambda m: "new" if m.endswith(".mu") else source_hash(m),
    )
    assert only(space()).key == before


def test_a_key_changes_with_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numerics of nmflab itself are part of every result."""
    before = only(space()).key
    monkeypatch.setattr(planning, "core_hash", lambda: "new")
    planning._environment.cache_clear()
    changed = only(space()).key
    planning._environment.cache_clear()
    assert changed != before


def test_a_key_changes_with_the_version_of_what_a_plugin_requires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A solver that calls a library is as new as the library."""
    spec = replace(session.registry().get("solver", "hals"), requires=("pluggy>=1",))
    registry = with_solver(spec)
    before = only(space(), registry=registry).key
    monkeypatch.setattr(planning, "version_of", lambda name: f"{name} 99")
    assert only(space(), registry=registry).key != before


@pytest.mark.parametrize("split_up", [False, True])
def test_seeds_collapse_where_nothing_is_random(split_up: bool) -> None:
    """One run stands for all seeds, whether Hydra or the fast path made the spaces."""
    fixed: dict[str, Any] = {"init": [{"name": "nndsvd"}]}
    wide = [space(seed=[3, 4, 5], **fixed)]
    spaces = [space(seed=[n], **fixed) for n in (3, 4, 5)] if split_up else wide
    plan = plan_of(*spaces)
    assert [label(planned, "seed") for planned in plan] == [3]
    assert plan.notes() == [
        "neither init nndsvd nor solver hals draws random numbers: one seed is enough,"
        " and there is no spread over seeds (2 left out)"
    ]


def test_seeds_do_not_collapse_where_the_start_is_random() -> None:
    """The default start draws from the seed."""
    plan = plan_of(space(seed=[3, 4, 5]))
    assert [label(planned, "seed") for planned in plan] == [3, 4, 5]
    assert plan.notes() == []


def test_each_case_keeps_a_seed_of_its_own() -> None:
    """Collapsing is within a case: each must have its row."""
    fixed: dict[str, Any] = {"init": [{"name": "nndsvd"}], "seed": [0, 1]}
    spaces = [space(case="a", **fixed), space(case="b", n_components=[3], **fixed)]
    assert [planned.labels[-1] for planned in plan_of(*spaces)] == ["a", "b"]


def test_a_promise_of_chance_may_depend_on_the_parameters() -> None:
    """`random` may be a function of the configured solver."""
    spec = replace(
        session.registry().get("solver", "hals"),
        promises=Promises(random=lambda configured: configured.inner == 2),
    )
    wide = space(
        seed=[0, 1],
        init=[{"name": "nndsvd"}],
        solver=[solver(inner=1), solver(inner=2)],
    )
    planned = list(plan_of(wide, registry=with_solver(spec)))
    runs = sorted((label(p, "solver"), label(p, "seed")) for p in planned)
    assert runs == [("hals(inner=1)", 0), ("hals(inner=2)", 0), ("hals(inner=2)", 1)]


@dataclass(frozen=True, kw_only=True)
class OwnStart:
    """A solver that ignores the start it is handed."""

    inner: int | None = None


def test_starts_collapse_for_a_solver_that_brings_its_own() -> None:
    """The start it is handed is ignored, so one stands for all."""
    spec = SolverSpec(
        name="hals", solver=OwnStart, promises=Promises(init="own", random=True)
    )
    starts = [{"name": "random"}, {"name": "nndsvd"}]
    wide = space(seed=[0, 1], init=starts, solver=[AXIS_NODES["solver"], solver("mu")])
    plan = plan_of(wide, registry=with_solver(spec))
    runs = {(label(p, "init"), label(p, "seed"))
            for p in plan if label(p, "solver") == "hals"}  # fmt: skip
    assert runs == {("random", 0), ("random", 1)}
    assert (
        "solver hals brings its own start: one init is enough (2 left out)"
        in plan.notes()
    )


def test_a_run_asked_for_twice_is_made_once_and_said() -> None:
    """Two cases that ask for the same leave no silent gap."""
    plan = plan_of(space(case="a"), space(case="b", seed=[0, 1]))
    assert [planned.labels[-1] for planned in plan] == ["a", "b"]
    assert plan.notes() == [
        "case b asks for runs that were asked for already: each is made once"
        " (1 left out)"
    ]


def test_a_value_written_twice_is_one() -> None:
    """`seed=0,0` is one run."""
    assert len(keys(space(seed=[0, 0]))) == 1


def test_a_plan_can_be_gone_through_again() -> None:
    """Counts of what was left out start anew."""
    plan = plan_of(space(seed=[0, 1], init=[{"name": "nndsvd"}]))
    assert [p.key for p in plan] == [p.key for p in plan]
    assert plan.notes()[0].endswith("(1 left out)")


def test_seeds_are_outermost() -> None:
    """A sweep stopped early has as many runs of each pair."""
    plan = plan_of(space(seed=[0, 1], n_components=[2, 3]))
    order = [(label(p, "seed"), label(p, "n_components")) for p in plan]
    assert order == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_seeds_are_outermost_over_cases_too() -> None:
    """The first seed of every case comes before the second of any."""
    spaces = [
        space(seed=[0, 1], case="a"),
        space(seed=[0, 1], case="b", n_components=[3]),
    ]
    order = [(label(p, "seed"), p.labels[-1]) for p in plan_of(*spaces)]
    assert order == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_changes_applied_to_the_base_give_the_configuration_of_a_run() -> None:
    """The store keeps no more than what differs."""
    spaces = [
        space(seed=[0, 1], solver=[solver(inner=1), solver("mu")]),
        space(case="b", n_components=[5], settings={"restarts": 3}),
    ]
    plan = plan_of(*spaces)
    made = [{**plan.base, **json.loads(planned.changes)} for planned in plan]
    found = sorted(
        (c["n_components"], c["restarts"], c["seed"], c["solver"]["name"]) for c in made
    )
    assert found == [
        (2, 1, 0, "hals"), (2, 1, 0, "mu"), (2, 1, 1, "hals"), (2, 1, 1, "mu"),
        (5, 3, 0, "hals"),
    ]  # fmt: skip
    assert all(c["init"] == {"name": "random"} for c in made)


@pytest.mark.parametrize(
    ("nodes", "labels"),
    [
        ([solver(inner=None)], ["hals"]),
        ([solver(inner=None), solver(inner=2)], ["hals", "hals(inner=2)"]),
        ([solver(inner=2)], ["hals"]),
        ([solver(inner=1), solver("mu")], ["hals", "mu"]),
    ],
)
def test_a_label_is_the_name_and_the_parameters_that_differ(
    nodes: list[Any], labels: list[str]
) -> None:
    """From one another, and from the default."""
    planned = plan_of(space(solver=nodes))
    assert [label(one, "solver") for one in planned] == labels


def test_a_file_is_labelled_by_its_name(tmp_path: Path) -> None:
    """Where two have the same name, by their paths."""
    paths = [str(tmp_path / folder / "X.csv.gz") for folder in "ab"]
    nodes = [{"name": "file", "seed": 0, "path": path} for path in paths]
    assert plan_of(space(dataset=nodes[:1])).datasets()[0][0] == "X"
    both = [name for name, _ in plan_of(space(dataset=nodes)).datasets()]
    assert both == [f"X(path={path})" for path in paths]
    assert plan_of(space(dataset=nodes)).dataset_names() == "X"


def test_a_dataset_that_failed_makes_its_runs_errors() -> None:
    """Each planned run has its row, with the reason."""
    planned = only(space(), data=Data(error="dataset x could not be loaded: no"))
    assert (planned.status, planned.reason) == (
        "error",
        "dataset x could not be loaded: no",
    )


def test_an_unfit_pair_is_skipped_with_its_reason() -> None:
    """Before its first step."""
    masked = Data(facts={**FACTS, "missing": "mask"})
    planned = only(space(), data=masked)
    assert planned.status == "skipped"
    assert planned.reason is not None
    assert planned.reason.startswith("solver hals cannot take missing entries")


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"n_components": [2, 0]}, "n_components must be at least 1, got 0"),
        ({"seed": [-1]}, "seed must be at least 0, got -1"),
        (
            {"split": [{"name": "none", "seed": -2}]},
            "split.seed must be at least 0, got -2",
        ),
        ({"solver": [solver(inner=-1)]}, "solver.inner must be >= 1 or null, got -1"),
        ({"solver": [solver(iner=1)]}, "solver.iner: Hals has no parameter 'iner'"),
        (
            {"split": [{"name": "none", "seed": 0, "typo": 1}]},
            "split.typo: ",
        ),
        ({"objective": [{"loss": "frobenius", "typo": 1}]}, "objective.typo: "),
        (
            {"objective": [{"loss": "frobenius", "l1_W": -0.5}]},
            "objective.l1_W must be >= 0 and finite, got -0.5",
        ),
        (
            {"objective": [{"loss": "beta", "beta": float("nan")}]},
            "objective.beta must be a finite number, got nan",
        ),
        (
            {"objective": [{"loss": "frobenius", "unit": "X"}]},
            "objective.unit=X: choose from none, W, H",
        ),
    ],
)
def test_what_a_plugin_refuses_is_refused_before_anything_runs(
    axes: dict[str, Any], message: str
) -> None:
    """`check` needs no data; the key and the value are named."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        plan_of(space(**axes), data=Data()).check()


def test_origins_name_all_that_a_result_depends_on() -> None:
    """What a later sweep compares with, in words for its notes."""
    plan = plan_of(space(init=[{"name": "nndsvd"}]))
    list(plan)
    origins = plan.origins()
    assert {
        "nmflab's loop or numerics",
        "numpy",
        "scipy",
        "the source of solver hals",
        "the source of init nndsvd",
        "the data of movie_ratings",
    } <= origins.keys()
    assert origins["the data of movie_ratings"] == FACTS["fingerprint"]


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["a"], "a"),
        (["a", "b"], "a-b"),
        (["a", "b", "c", "d", "e"], "a-b-c-and-2-more"),
    ],
)
def test_a_study_is_called_after_its_datasets(
    names: list[str], called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without parameters, and not after the first alone."""
    plan = plan_of(space())
    found = [(f"{name}(x=1)", {}) for name in names]
    monkeypatch.setattr(plan, "datasets", lambda: found)
    assert plan.dataset_names() == called
