"""One run from a job to its messages, on plugins made for it."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab import run, sources, splits
from nmflab.contracts import (
    Dataset,
    DatasetSpec,
    Factors,
    FittedRun,
    InitSpec,
    MetricSpec,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.materialise import materialise
from nmflab.registry import Registry
from nmflab.run import prepared
from nmflab.run.over_seeds import compute_over_seeds

ROWS, COLUMNS = 6, 5


class Pace(Enum):
    """An option, to see that words become members."""

    slow = "slow"
    fast = "fast"


@dataclass(frozen=True, kw_only=True)
class Updates:
    """Multiplicative updates, Lee & Seung 2001; monotone for ½‖X − WH‖²."""

    floor: float = 1e-12
    pace: Pace = Pace.slow

    def __post_init__(self) -> None:
        if not self.floor > 0:
            raise ValueError(f"solver.floor must be > 0, got {self.floor}; use 1e-12")

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Iterator[Factors]:
        """Yield without end."""
        assert isinstance(self.pace, Pace)
        X, W, H = problem.X, init.W, init.H
        while True:
            H = np.maximum(H * (W.T @ X) / (W.T @ W @ H), self.floor)
            W = np.maximum(W * (X @ H.T) / (W @ (H @ H.T)), self.floor)
            yield Factors(W, H)


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """A random start."""

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return uniform factors, in float64 whatever the problem's dtype."""
        n_samples, n_features = problem.shape
        W = rng.uniform(0.1, 1, (n_samples, n_components))
        return Factors(W, rng.uniform(0.1, 1, (n_components, n_features)))


def plugin_class(method: str, does: Callable[..., Any]) -> type:
    """Return a plugin class without parameters whose one method is a function."""
    cls = type("Made", (), {method: lambda self, *args: does(*args)})
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass
class Lab:
    """A registry and a materialised dataset, and what runs on them sent."""

    folder: Path
    registry: Registry = field(default_factory=Registry)
    sent: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def send(self, message: dict[str, Any], arrays: Any = None, /) -> None:
        """Keep a message; it must be JSON without NaN."""
        json.dumps(message, allow_nan=False)
        self.sent.append((message, arrays or {}))

    def solver(self, does: Callable[..., Any], **spec: Any) -> None:
        """Register the solver "odd"."""
        cls = plugin_class("iterate", does)
        self.registry.solvers["odd"] = SolverSpec(name="odd", solver=cls, **spec)

    def init(self, does: Callable[..., Any], **spec: Any) -> None:
        """Register the init "odd"."""
        cls = plugin_class("start", does)
        self.registry.initializations["odd"] = InitSpec(
            name="odd", initialization=cls, **spec
        )

    def metric(self, name: str, does: Callable[..., Any], **spec: Any) -> None:
        """Register a metric."""
        cls = plugin_class("compute", does)
        self.registry.metrics[name] = MetricSpec(name=name, metric=cls, **spec)

    def job(self, **changes: Any) -> dict[str, Any]:
        """Return a job; axes and settings are changed by key."""
        axes: dict[str, Any] = {
            "dataset": {"name": "made"},
            "weighting": {"name": "none"},
            "split": {"name": "none", "seed": 0},
            "objective": {"loss": "frobenius"},
            "init": {"name": "uniform"},
            "solver": {"name": "updates"},
            "n_components": 2,
            "seed": 0,
            "dtype": "float64",
        }
        settings: dict[str, Any] = {
            "restarts": 1,
            "halving": None,
            "stop": {"kkt": None, "max_steps": 20},
            "missing_as_zero": False,
            "trace": True,
        }
        job: dict[str, Any] = {
            "type": "run",
            "key": "0" * 32,
            "metrics": {},
            "data": str(self.folder),
            "plugins": [],
            "factors_folder": None,
            "inline_bytes": 10**6,
        }
        for key, value in changes.items():
            target = axes if key in axes else settings if key in settings else job
            target[key] = value
        return job | {"axes": axes, "settings": settings}

    def fit(self, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Execute a job; return its record and arrays."""
        self.sent.clear()
        run.execute(self.job(**changes), self.registry, self.send)
        assert [message["type"] for message, _ in self.sent] == ["fit", "metrics"]
        return self.sent[0]

    def odd(self, **changes: Any) -> dict[str, Any]:
        """Return the record of the solver "odd"."""
        return self.fit(solver={"name": "odd"}, **changes)[0]

    @property
    def measured(self) -> dict[str, Any]:
        """The last message "metrics"."""
        return self.sent[-1][0]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Return a lab with one solver and one init over a small dense matrix."""
    X = np.random.default_rng(7).uniform(0.5, 4, (ROWS, COLUMNS))
    materialise(Dataset(X=X, row_labels=np.arange(ROWS) % 2), tmp_path / "data")
    made = Lab(tmp_path / "data")
    made.registry.solvers["updates"] = SolverSpec(name="updates", solver=Updates)
    made.registry.initializations["uniform"] = InitSpec(
        name="uniform", initialization=Uniform
    )
    yield made
    prepared.forget()


def endless(*_: object) -> Iterator[Factors]:
    """Yield factors of ones for ever."""
    while True:
        yield Factors(np.ones((ROWS, 2)), np.ones((2, COLUMNS)))


def test_an_ok_run_holds_its_result_and_its_costs(lab: Lab) -> None:
    """Every field of the record has the meaning the architecture gives it."""
    record, arrays = lab.fit()
    assert (record["status"], record["stop"]) == ("ok", "max_steps")
    assert record["reason"] == "reached stop.max_steps=20"
    assert (record["n_steps"], record["passes"]) == (20, 20.0)
    assert record["seconds"] > 0
    assert record["objective_value"] < record["objective_start"]
    assert record["n_active"] == 2
    assert len(record["start_hash"]) == 32
    assert (
        record["own_objective"] is record["validation"] is record["traceback"] is None
    )
    assert record["warnings"] == []
    assert record["peak_memory_mb"] > 1
    assert [start["chosen"] for start in record["starts"]] == [True]
    assert arrays["trace"].shape == (13, 8)


def test_the_objective_of_the_record_is_that_of_the_factors_sent(lab: Lab) -> None:
    """½‖X − WH‖² by hand, in float64."""
    record, arrays = lab.fit(dtype="float32")
    X = np.load(lab.folder / "X.npy").astype(np.float32).astype(np.float64)
    assert arrays["W"].dtype == np.float64
    by_hand = 0.5 * np.sum((X - arrays["W"] @ arrays["H"]) ** 2)
    # Another order of 30 float64 additions: a few units in the last place.
    assert record["objective_value"] == pytest.approx(by_hand, rel=1e-13)


def test_the_best_fit_of_one_component_stands_beside_the_objective(lab: Lab) -> None:
    """``(‖X‖² − σ₁²)/2``, whatever the start and the number of components."""
    X = np.load(lab.folder / "X.npy")
    singular = np.linalg.svd(X, compute_uv=False)
    expected = pytest.approx(0.5 * np.sum(singular[1:] ** 2), rel=1e-12)
    assert lab.fit(seed=3)[0]["objective_rank_one"] == expected
    assert lab.fit(n_components=1)[0]["objective_rank_one"] == expected


def test_the_reference_is_computed_once_a_problem(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another problem in between changes nothing; seeds and sizes share it."""
    asked: list[str] = []

    def counted(problem: Problem, evaluator: Any) -> float:
        asked.append(problem.objective.loss)
        return 1.0

    monkeypatch.setattr(prepared, "rank_one_objective", counted)
    other = {"loss": "kullback_leibler"}
    takes = Takes(losses={"frobenius", "kullback_leibler"})
    lab.registry.solvers["updates"] = SolverSpec(
        name="updates", solver=Updates, takes=takes
    )
    for changes in ({}, {"objective": other}, {"dtype": "float32"}, {"seed": 1}, {}):
        lab.fit(**changes)
    assert sorted(asked) == ["frobenius", "frobenius", "kullback_leibler"]


def test_a_failed_run_has_no_reference(lab: Lab) -> None:
    """Nothing is computed for it."""

    def raises(*_: object) -> Iterator[Factors]:
        raise RuntimeError("boom")
        yield

    lab.solver(raises)
    assert lab.odd()["objective_rank_one"] is None


def test_a_reference_that_cannot_be_computed_costs_no_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run counts; reports do without."""

    def fails(*_: object) -> float:
        raise MemoryError

    monkeypatch.setattr(prepared, "rank_one_objective", fails)
    record, _ = lab.fit()
    assert (record["status"], record["objective_rank_one"]) == ("ok", None)


def test_reseeded_components_are_recorded(lab: Lab) -> None:
    """Summed over steps and starts; 0 for a solver that never does it."""

    def reseeds(problem: Problem, init: Factors, rng: Any) -> Iterator[Step]:
        yield Step(init, n_reseeded=1)
        yield Step(init, n_reseeded=1)

    lab.solver(reseeds)
    assert lab.fit()[0]["n_reseeded"] == 0
    assert lab.odd(restarts=2)["n_reseeded"] == 4


@pytest.mark.parametrize("unit", ["W", "H"])
def test_a_start_is_given_components_of_unit_length(lab: Lab, unit: str) -> None:
    """The same product; the other factor takes the scale, and an empty one is 0."""
    found: list[Factors] = []

    def zero(problem: Problem, n_components: int, rng: np.random.Generator) -> Factors:
        W, H = rng.random((ROWS, n_components)), rng.random((n_components, COLUMNS))
        W[:, 1], H[1] = 0.0, 0.0
        return Factors(W, H)

    def keeps(problem: Problem, init: Factors, rng: Any) -> Iterator[Factors]:
        found.append(init)
        yield init

    lab.init(zero)
    lab.solver(keeps, takes=Takes(penalties=frozenset({"unit"})))
    for goal in ({"loss": "frobenius"}, {"loss": "frobenius", "unit": unit}):
        record = lab.odd(objective=goal, init={"name": "odd"})
        assert record["status"] == "ok"
    plain, made = [init for init in found if len(init.W) == ROWS]  # less warming up
    np.testing.assert_allclose(made.reconstruct(), plain.reconstruct(), rtol=1e-12)
    held, other = (made.W.T, made.H) if unit == "W" else (made.H, made.W.T)
    np.testing.assert_allclose(np.linalg.norm(held, axis=1), 1.0, rtol=1e-12)
    assert np.ptp(held[1]) == 0
    assert not other[1].any()


def test_factors_that_leave_the_unit_length_are_invalid(lab: Lab) -> None:
    """The solver has broken what the objective holds."""

    def grows(problem: Problem, init: Factors, rng: Any) -> Iterator[Factors]:
        yield Factors(init.W * 2, init.H / 2)

    lab.solver(grows, takes=Takes(penalties=frozenset({"unit"})))
    goal = {"loss": "frobenius", "unit": "W"}
    record = lab.odd(objective=goal)
    assert record["status"] == "invalid"
    assert "a column 0 of W of length 2, not 1 (objective.unit=W)" in record["reason"]


def test_solver_and_evaluator_see_the_same_floored_x(lab: Lab) -> None:
    """The floor is in the problem before either gets it; the data stay as they are."""
    lowest: list[float] = []

    def looks(problem: Problem, init: Factors, rng: Any) -> Iterator[Factors]:
        lowest.append(float(problem.X.min()))
        yield init

    lab.solver(looks)
    goal = {"loss": "frobenius", "floor": 0.75}
    record, arrays = lab.fit(objective=goal, solver={"name": "odd"})
    X = np.load(lab.folder / "X.npy")
    model = arrays["W"] @ arrays["H"]
    expected = ((np.maximum(X, 0.75) - model) ** 2).sum() / 2
    assert lowest[-1] == 0.75  # after the tiny problem of the warm-up
    assert X.min() < 0.75
    assert record["objective_value"] == pytest.approx(expected, rel=1e-12)


def test_a_run_is_the_same_to_the_last_bit_the_second_time(lab: Lab) -> None:
    """Whether its problem was kept from the run before or made anew."""
    first = lab.fit()
    again = lab.fit()
    prepared.forget()
    anew = lab.fit()
    for record, arrays in (again, anew):
        assert record["start_hash"] == first[0]["start_hash"]
        assert record["objective_value"] == first[0]["objective_value"]
        assert arrays["W"].tobytes() == first[1]["W"].tobytes()


def test_all_solvers_of_a_seed_get_the_same_start(lab: Lab) -> None:
    """Equal hashes for one seed, another for the next; the solver draws elsewhere."""

    def drawing(_: Problem, init: Factors, rng: np.random.Generator) -> Any:
        while True:
            yield Factors(init.W * rng.random(), init.H)

    lab.solver(drawing, promises=Promises(random=True))
    hashes = [lab.odd()["start_hash"], lab.fit()[0]["start_hash"]]
    assert hashes[0] == hashes[1]
    assert lab.fit(seed=1)[0]["start_hash"] not in hashes


def test_a_solver_gets_read_only_arrays_of_the_problem_s_dtype(lab: Lab) -> None:
    """X and both starting factors, in C order."""
    seen: list[np.ndarray[Any, Any]] = []

    def looking(problem: Problem, init: Factors, _: object) -> Any:
        seen[:] = [problem.X, init.W, init.H]  # type: ignore[list-item]
        yield init

    lab.solver(looking)
    lab.odd(dtype="float32")
    for array in seen:
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_a_solver_that_raises_is_an_error_with_reason_and_traceback(lab: Lab) -> None:
    """The run has no factors; its trace so far is sent."""

    def failing(_: Problem, init: Factors, __: object) -> Any:
        yield init
        raise ZeroDivisionError("division by zero")

    lab.solver(failing)
    record = lab.odd()
    assert record["status"] == "error"
    assert record["reason"] == (
        "solver odd failed in step 2: ZeroDivisionError: division by zero"
    )
    assert "in failing" in record["traceback"]
    arrays = lab.sent[0][1]
    assert "W" not in arrays
    assert len(arrays["trace"]) == 2


def test_a_memory_error_is_oom(lab: Lab) -> None:
    """In a solver, and in an init."""

    def hungry(*_: object) -> Any:
        raise MemoryError("cannot allocate 80 GB")

    lab.solver(lambda *_: (yield hungry()))
    assert lab.odd()["status"] == "oom"
    lab.init(hungry)
    record, _ = lab.fit(init={"name": "odd"})
    assert record["status"] == "oom"
    assert "init odd failed: MemoryError: cannot allocate 80 GB" in record["reason"]


def test_factors_that_break_a_promise_are_invalid_but_sent(lab: Lab) -> None:
    """No metric is measured of them."""

    def signed(_: Problem, init: Factors, __: object) -> Any:
        yield Factors(-init.W, init.H)

    lab.solver(signed)
    lab.metric("size", lambda run: 1.0)
    record = lab.odd(metrics={"size": {}})
    assert record["status"] == "invalid"
    assert "promised to be >= 0" in record["reason"]
    assert "W" in lab.sent[0][1]
    assert lab.measured["values"] == {}


def test_a_changed_x_is_invalid_and_not_handed_to_the_next_run(lab: Lab) -> None:
    """Even where a solver makes the array writable first."""

    def cheating(problem: Problem, init: Factors, _: object) -> Any:
        X: Any = problem.X
        while isinstance(X.base, np.ndarray):
            X = X.base
        X.flags.writeable = True
        X *= 0.5
        yield init

    # float32: the float64 file is mapped, and NumPy refuses to make that writable.
    lab.metric("sum", lambda run: run.problem.X.sum())
    lab.fit(dtype="float32", metrics={"sum": {}})
    before = lab.measured["values"]["sum"]
    lab.solver(cheating)
    record = lab.odd(dtype="float32")
    assert record["status"] == "invalid"
    assert record["reason"] == (
        "X was changed while solver odd ran; it must only be read"
    )
    lab.fit(dtype="float32", metrics={"sum": {}})
    assert lab.measured["values"]["sum"] == before


@pytest.mark.parametrize(
    ("made", "status", "says"),
    [
        (lambda *_: 1 / 0, "error", "init odd failed: ZeroDivisionError"),
        (lambda *_: (1, 2), "invalid", "init odd gave a tuple, not Factors"),
        (
            lambda *_: Factors(np.ones((ROWS, 3)), np.ones((2, COLUMNS))),
            "invalid",
            "init odd gave a W of shape (6, 3) instead of (6, 2)",
        ),
        (
            lambda *_: Factors(np.ones((ROWS, 2)), -np.ones((2, COLUMNS))),
            "invalid",
            "init odd gave -1 in H (at [0, 0]), promised to be >= 0",
        ),
        (
            lambda *_: Factors(np.full((ROWS, 2), 1e300), np.ones((2, COLUMNS))),
            "invalid",
            "init odd gave an infinity in W",
        ),
    ],
)
def test_a_start_is_verified(lab: Lab, made: Any, status: str, says: str) -> None:
    """In the problem's dtype: 1e300 is no number in float32."""
    lab.init(made)
    record, _ = lab.fit(init={"name": "odd"}, dtype="float32")
    assert (record["status"], says in record["reason"]) == (status, True), record


def test_a_solver_with_its_own_start_gets_a_random_one_to_ignore(lab: Lab) -> None:
    """The init of the job, which may not even be able to make one, is not asked."""
    lab.init(lambda *_: 1 / 0)
    got: list[Factors] = []

    def own(_: Problem, init: Factors, __: object) -> Any:
        got.append(init)
        yield Factors(np.ones((ROWS, 2)), np.ones((2, COLUMNS)))

    lab.solver(own, promises=Promises(init="own"))
    record = lab.odd(init={"name": "odd"})
    assert record["status"] == "ok"
    assert record["start_hash"] is None
    assert got[-1].W.shape == (ROWS, 2)
    assert (got[-1].W > 0).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"solver": {"name": "updatez"}}, "no solver named 'updatez'"),
        ({"solver": {"name": "updates", "flor": 1}}, "no parameter 'flor'"),
        (
            {"solver": {"name": "updates", "floor": 0.0}},
            "solver.floor must be > 0, got 0.0; use 1e-12",
        ),
        ({"solver": {"name": "updates", "pace": "mad"}}, "choose from slow, fast"),
        ({"stop": {"kkt": -1.0}}, "stop.kkt must be > 0, got -1"),
        ({"stop": {"validation": 3}}, "stop.validation=3 needs validation cells"),
        ({"n_components": 0}, "n_components must be a whole number >= 1, got 0"),
        ({"restarts": 0}, "restarts must be a whole number >= 1, got 0"),
        ({"halving": 1}, "halving must be a whole number >= 2, got 1"),
        (
            {"restarts": 8, "halving": 2},
            "needs stop.max_steps of at least 32, a step for each start",
        ),
        ({"seed": -1}, "seed must be a whole number >= 0, got -1"),
        ({"weighting": {"name": "tfidff"}}, "weighting=tfidff: choose from"),
        ({"data": "/nowhere/at/all"}, "no materialised dataset in /nowhere/at/all"),
        (
            {"objective": {"loss": "kullback_leibler"}},
            "solver updates cannot take objective kullback_leibler",
        ),
    ],
)
def test_what_cannot_be_set_up_is_an_error_that_names_the_key(
    lab: Lab, changes: dict[str, Any], says: str
) -> None:
    """The sentence is the reason, and both messages are sent."""
    record, _ = lab.fit(**changes)
    assert record["status"] == "error"
    assert says in record["reason"]


def test_words_become_enum_members(lab: Lab) -> None:
    """The solver itself asserts that it got a member."""
    assert lab.fit(solver={"name": "updates", "pace": "fast"})[0]["status"] == "ok"


def test_an_init_with_a_limit_is_refused_above_it(lab: Lab) -> None:
    """Singular vectors end at min(n_samples, n_features) = 5."""
    lab.init(Uniform().start, limit="min_shape")
    assert lab.fit(init={"name": "odd"}, n_components=5)[0]["status"] == "ok"
    record, _ = lab.fit(init={"name": "odd"}, n_components=6)
    assert record["status"] == "error"
    assert "at most min(n_samples, n_features) = 5" in record["reason"]


def test_warnings_of_plugins_are_kept_once_each(lab: Lab) -> None:
    """2,000 times the same is one entry."""

    def noisy(_: Problem, init: Factors, __: object) -> Any:
        while True:
            warnings.warn("step too long", UserWarning, stacklevel=1)
            yield init

    lab.solver(noisy)
    record = lab.odd(stop={"kkt": None, "max_steps": 2000})
    assert record["warnings"] == ["UserWarning: step too long"]


def test_warnings_are_capped(lab: Lab) -> None:
    """A solver that counts in its warnings cannot fill the store."""

    def noisy(_: Problem, init: Factors, __: object) -> Any:
        for step in range(200):
            warnings.warn(f"step {step}", UserWarning, stacklevel=1)
            yield init

    lab.solver(noisy)
    assert len(lab.odd(stop={"kkt": None, "max_steps": 200})["warnings"]) == 50


def test_restarts_keep_the_best_and_record_all(lab: Lab) -> None:
    """Work is summed; the factors are those of the chosen start."""
    record, arrays = lab.fit(restarts=4)
    values = [start["objective_value"] for start in record["starts"]]
    assert len(values) == 4
    assert len(set(values)) == 4
    assert record["objective_value"] == min(values)
    chosen = [start["start"] for start in record["starts"] if start["chosen"]]
    assert chosen == [int(np.argmin(values))]
    assert record["start_hash"] == record["starts"][chosen[0]]["start_hash"]
    assert record["n_steps"] == 80
    seconds = [start["seconds"] for start in record["starts"]]
    assert record["seconds"] == pytest.approx(math.fsum(seconds), rel=1e-15)
    assert sorted(set(arrays["trace"][:, 0])) == [0, 1, 2, 3]
    X = np.load(lab.folder / "X.npy")
    by_hand = 0.5 * np.sum((X - arrays["W"] @ arrays["H"]) ** 2)
    assert record["objective_value"] == pytest.approx(by_hand, rel=1e-13)


def test_the_first_of_several_starts_is_the_start_of_a_single_one(lab: Lab) -> None:
    """More restarts only add; they change none that was there."""
    single = lab.fit()[0]["starts"][0]
    several = lab.fit(restarts=3)[0]["starts"][0]
    for key in ("start_hash", "objective_value", "n_steps"):
        assert single[key] == several[key]


def test_halving_spends_the_budget_of_one_start_on_all(lab: Lab) -> None:
    """Work is summed and told by start; the median is that of the end of round 1."""
    stop = {"kkt": None, "max_steps": 320}
    record, arrays = lab.fit(restarts=8, halving=2, stop=stop)
    starts = record["starts"]
    assert (record["status"], record["stop"]) == ("ok", "max_steps")
    assert (record["n_steps"], record["n_starts"], record["n_rounds"]) == (320, 8, 4)
    steps = sorted(start["n_steps"] for start in starts)
    assert steps == [10, 10, 10, 10, 30, 30, 70, 150]
    levels = [start["objective_round_1"] for start in starts]
    assert record["objective_median"] == pytest.approx(np.median(levels), rel=1e-15)
    [chosen] = [start for start in starts if start["chosen"]]
    assert chosen["n_steps"] == 150
    assert record["objective_value"] == chosen["objective_value"]
    assert record["objective_value"] < min(levels)
    X = np.load(lab.folder / "X.npy")
    by_hand = 0.5 * np.sum((X - arrays["W"] @ arrays["H"]) ** 2)
    assert record["objective_value"] == pytest.approx(by_hand, rel=1e-13)


def test_a_start_goes_the_same_way_in_a_race_as_alone(lab: Lab) -> None:
    """Being left and taken up again changes no bit of a start's objectives."""
    stop = {"kkt": None, "max_steps": 320}
    raced = lab.fit(restarts=8, halving=2, stop=stop)[1]["trace"]
    alone = lab.fit(restarts=8, stop=stop)[1]["trace"]
    for start in range(8):
        mine = {row[1]: row[5] for row in raced[raced[:, 0] == start]}
        theirs = {row[1]: row[5] for row in alone[alone[:, 0] == start]}
        common = mine.keys() & theirs.keys()
        assert len(common) >= 9
        assert all(mine[step] == theirs[step] for step in common)


def test_a_race_is_the_same_to_the_last_bit_each_time(lab: Lab) -> None:
    """Where seconds are no limit, nothing hangs on the clock."""
    settings = {"restarts": 8, "halving": 2, "stop": {"kkt": None, "max_steps": 64}}
    first, second = lab.fit(**settings)[1], lab.fit(**settings)[1]
    assert first["W"].tobytes() == second["W"].tobytes()
    assert first["H"].tobytes() == second["H"].tobytes()


def test_a_run_of_one_start_is_its_own_median(lab: Lab) -> None:
    """Whatever halving says, there is nobody to race."""
    plain, _ = lab.fit()
    halved, _ = lab.fit(halving=2)
    for record in (plain, halved):
        assert (record["n_starts"], record["n_rounds"]) == (1, 1)
        assert record["objective_median"] == record["objective_value"]
    assert plain["objective_value"] == halved["objective_value"]


def test_what_a_race_could_not_try_is_a_warning(lab: Lab) -> None:
    """A solver that yields once for 30 steps takes three starts' budgets at a time."""

    def lumps(_: Problem, init: Factors, __: object) -> Any:
        while True:
            yield Step(init, n_steps=30)

    lab.solver(lumps)
    record = lab.odd(restarts=8, halving=2, stop={"kkt": None, "max_steps": 80})
    assert (record["n_starts"], record["n_steps"]) == (3, 90)
    assert "restarts=8: only 3 could be tried" in record["warnings"][0]


def test_restarts_are_one_where_nothing_is_random(lab: Lab) -> None:
    """And it is said."""
    ones = Factors(np.ones((ROWS, 2)), np.ones((2, COLUMNS)))
    lab.init(lambda *_: ones, random=False)
    record, _ = lab.fit(init={"name": "odd"}, restarts=5)
    assert len(record["starts"]) == 1
    assert "restarts=5 was taken as 1" in record["warnings"][0]


def test_a_start_that_fails_ends_a_run_with_restarts(lab: Lab) -> None:
    """It is named, and not passed over for the others."""
    starts: list[int] = []

    def third_fails(_: Problem, init: Factors, __: object) -> Any:
        starts.append(1)
        yield init
        if len(starts) == 1 + 3:  # the warm-up comes first
            raise RuntimeError("no luck")

    lab.solver(third_fails)
    record = lab.odd(restarts=5)
    assert record["status"] == "error"
    assert record["reason"].startswith("start 2 (of 5, counted from 0): solver odd")
    assert len(record["starts"]) == 3


def test_small_factors_are_sent_along_and_large_ones_written(lab: Lab) -> None:
    """Both hold the same numbers; the file is complete and its sha256 is right."""
    import hashlib

    inline = lab.fit()[1]
    folder = lab.folder.parent / "study" / "factors"
    record, arrays = lab.fit(inline_bytes=10, factors_folder=str(folder))
    assert "W" not in arrays
    assert record["factors"]["path"] == f"factors/{'0' * 32}.npz"
    written = folder.parent / record["factors"]["path"]
    assert (
        hashlib.sha256(written.read_bytes()).hexdigest() == record["factors"]["sha256"]
    )
    assert [path.name for path in folder.iterdir()] == [written.name]
    with np.load(written, allow_pickle=False) as kept:
        assert kept["W"].tobytes() == inline["W"].tobytes()
        assert kept["H"].tobytes() == inline["H"].tobytes()


def test_factors_that_cannot_be_written_cost_the_run_nothing_else(lab: Lab) -> None:
    """The run is ok, without factors, and a warning says how to mend it."""
    blocked = lab.folder.parent / "blocked"
    blocked.write_text("a file, not a folder")
    lab.metric("size", lambda run: run.factors.W.size)
    record, arrays = lab.fit(
        inline_bytes=10, factors_folder=str(blocked), metrics={"size": {}}
    )
    assert (record["status"], record["factors"]) == ("ok", None)
    assert "W" not in arrays
    assert "could not be written to" in record["warnings"][0]
    assert lab.measured["values"] == {"size": 2.0 * ROWS}


def test_metrics_see_the_run_and_their_values_are_flattened(lab: Lab) -> None:
    """Numbers of any kind, texts, and mappings by suffix."""

    def several(run: FittedRun) -> dict[str, Any]:
        assert run.config["seed"] == 0
        assert run.dataset.row_labels is not None
        assert not run.factors.W.flags.writeable
        return {"mean": np.float32(0.5), "n": np.int64(3), "top": "a, b"}

    lab.metric("m", several)
    lab.metric("flag", lambda run: True)
    lab.fit(metrics={"m": {}, "flag": {}})
    expected = {"m_mean": 0.5, "m_n": 3.0, "m_top": "a, b", "flag": 1.0}
    assert lab.measured["values"] == expected
    assert lab.measured["problems"] == {}


def test_a_metric_that_fails_costs_its_own_value_only(lab: Lab) -> None:
    """Each way to fail has its sentence."""

    def leaving(run: FittedRun) -> float:
        raise SystemExit(1)

    lab.metric("good", lambda run: 1.0)
    lab.metric("bad", lambda run: 1 / 0)
    lab.metric("leaving", leaving)
    lab.metric("nan", lambda run: math.nan)
    lab.metric("list", lambda run: [1, 2])
    lab.metric("tokens", lambda run: 1.0, needs=frozenset({"tokens", "labels"}))
    lab.metric("seeds", lambda runs: 1 / 0, scope="seeds")
    names = ["bad", "leaving", "nan", "list", "tokens", "seeds", "none", "good"]
    record, _ = lab.fit(metrics={name: {} for name in names})
    assert record["status"] == "ok"
    assert lab.measured["values"] == {"good": 1.0}
    problems = lab.measured["problems"]
    assert set(problems) == {"bad", "leaving", "nan", "list", "tokens", "none"}
    assert problems["bad"] == "metric bad failed: ZeroDivisionError: division by zero"
    assert problems["leaving"] == "metric leaving failed: SystemExit: 1"
    assert problems["nan"] == "metric nan gave nan"
    assert problems["list"].startswith("metric list returned a list; a metric returns")
    assert problems["tokens"] == "not applicable: needs tokens"
    assert problems["none"].startswith("no metric named 'none'")


def test_metrics_added_later_equal_those_of_the_run(lab: Lab) -> None:
    """From factors sent along, and from a file; the solver is not run again."""
    lab.metric("total", lambda run: run.factors.reconstruct().sum())
    folder = lab.folder.parent / "study" / "factors"
    _, inline = lab.fit(metrics={"total": {}})
    expected = lab.measured["values"]
    record, _ = lab.fit(inline_bytes=10, factors_folder=str(folder))
    del lab.registry.solvers["updates"]
    job = lab.job(metrics={"total": {}}, factors_folder=str(folder), type="metrics")
    factors = {name: inline[name] for name in ("W", "H")}
    for named, arrays in ((None, factors), (record["factors"], {})):
        lab.sent.clear()
        run.compute_metrics(job | {"factors": named}, lab.registry, lab.send, arrays)
        assert len(lab.sent) == 1
        assert lab.measured["values"] == expected


def test_metrics_of_factors_that_are_gone_say_so(lab: Lab) -> None:
    """One sentence for each metric asked for."""
    job = lab.job(metrics={"a": {}, "b": {}}) | {"factors": None}
    run.compute_metrics(job, lab.registry, lab.send, {})
    assert set(lab.measured["problems"]) == {"a", "b"}
    assert "factors of this run were not kept" in lab.measured["problems"]["a"]


def test_metrics_of_another_file_than_was_written_are_refused(lab: Lab) -> None:
    """Its sha256 tells."""
    folder = lab.folder.parent / "factors"
    record, _ = lab.fit(inline_bytes=10, factors_folder=str(folder))
    np.savez(folder / f"{'0' * 32}.npz", W=np.ones((6, 2)), H=np.ones((2, 5)))
    job = lab.job(metrics={"a": {}}, factors_folder=str(folder))
    run.compute_metrics(
        job | {"factors": record["factors"]}, lab.registry, lab.send, {}
    )
    assert "is not the file that was written" in lab.measured["problems"]["a"]


def test_held_out_cells_reach_metrics_and_not_the_solver(lab: Lab) -> None:
    """A metric that needs them gets what the split set aside."""

    def masked(problem: Problem, init: Factors, _: object) -> Any:
        assert problem.observed is not None
        yield init

    lab.solver(masked, takes=Takes(missing=True))
    lab.metric("n", lambda run: len(run.test), needs=frozenset({"heldout"}))
    split = {"name": "speckled", "seed": 0, "n_components_max": 1}
    record = lab.odd(split=split, n_components=1, metrics={"n": {}})
    assert record["status"] == "ok", record["reason"]
    assert lab.measured["values"]["n"] > 0
    lab.fit(metrics={"n": {}})
    assert lab.measured["problems"] == {"n": "not applicable: needs heldout"}


def test_validation_cells_choose_among_starts(lab: Lab) -> None:
    """The start with the lowest validation RMSE is kept, not that of the objective."""

    def fitting_cells(problem: Problem, init: Factors, rng: np.random.Generator) -> Any:
        for _ in range(12):
            yield Factors(init.W * rng.uniform(0.5, 2), init.H)

    lab.solver(fitting_cells, takes=Takes(missing=True))
    split = {"name": "speckled", "test": 0.0, "validation": 0.2, "n_components_max": 1}
    record = lab.odd(
        split=split,
        restarts=6,
        n_components=1,
        seed=2,
        stop={"kkt": None, "validation": 3},
    )
    assert record["status"] == "ok", record["reason"]
    rmses = [start["validation"] for start in record["starts"]]
    values = [start["objective_value"] for start in record["starts"]]
    assert record["validation"] == min(rmses)
    assert [start["chosen"] for start in record["starts"]].index(True) == int(
        np.argmin(rmses)
    )
    assert int(np.argmin(values)) != int(np.argmin(rmses))


def test_validation_cells_decide_a_race(lab: Lab) -> None:
    """After round 1 the starts with the lower validation RMSE go on."""

    def still(_: Problem, init: Factors, __: object) -> Any:
        while True:
            yield init

    lab.solver(still, takes=Takes(missing=True))
    split = {"name": "speckled", "test": 0.0, "validation": 0.2, "n_components_max": 1}
    record = lab.odd(
        split=split,
        restarts=4,
        halving=2,
        n_components=1,
        seed=2,
        stop={"kkt": None, "max_steps": 24},
    )
    assert record["status"] == "ok", record["reason"]
    starts = record["starts"]
    by_rmse = sorted(starts, key=lambda start: start["validation"])
    by_objective = sorted(starts, key=lambda start: start["objective_value"])
    assert [start["n_rounds"] for start in by_rmse] == [3, 2, 1, 1]
    assert [start["n_rounds"] for start in by_objective] != [3, 2, 1, 1]


def test_a_solver_of_its_own_objective_has_both_values(lab: Lab) -> None:
    """And it is said that kkt did not apply."""

    def own(_: Problem, init: Factors, __: object) -> Any:
        for value in (3.0, -2.0):
            yield Step(init, objective=value)

    lab.solver(own, promises=Promises(minimises="own"))
    record = lab.odd(stop={})
    assert record["own_objective"] == -2.0
    assert record["objective_value"] == record["objective_start"]
    assert record["stop"] == "solver"
    assert "stop.kkt did not apply" in record["warnings"][0]


def test_an_endless_solver_is_ended_by_the_steps(lab: Lab) -> None:
    """Whatever it yields."""
    lab.solver(endless)
    assert lab.odd(stop={"kkt": None, "max_steps": 500})["n_steps"] == 500


def test_the_problem_is_made_once_for_runs_that_share_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeds share it; another dtype is another problem; a folder written anew too."""
    made: list[object] = []
    pose = splits.pose

    def counting(*args: Any, **more: Any) -> Any:
        made.append(args)
        return pose(*args, **more)

    monkeypatch.setattr(prepared, "pose", counting)
    for seed in range(5):
        lab.fit(seed=seed)
    assert len(made) == 1
    lab.fit(dtype="float32")
    assert len(made) == 2


def loading(lab: Lab, load: Callable[..., Any]) -> dict[str, Any]:
    """Materialise what a loader returns; return the message."""
    cls = plugin_class("load", load)
    lab.registry.datasets["odd"] = DatasetSpec(name="odd", dataset=cls)
    into = str(lab.folder.parent / "new")
    job = {"type": "materialise", "dataset": {"name": "odd", "seed": 3}, "into": into}
    lab.sent.clear()
    run.materialise_job(job, lab.registry, lab.send)
    assert len(lab.sent) == 1
    return lab.sent[0][0]


def test_materialising_sends_the_facts(lab: Lab) -> None:
    """The loader's chance comes from dataset.seed."""
    drawn: list[float] = []

    def load(rng: np.random.Generator) -> Dataset:
        drawn.append(rng.random())
        return Dataset(X=np.ones((3, 2)))

    message = loading(lab, load)
    assert message["type"] == "materialised"
    assert message["facts"]["n_samples"] == 3
    loading(lab, load)
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (lambda _: 1 / 0, "could not be loaded: ZeroDivisionError: division by zero"),
        (lambda _: [[1]], "could not be loaded: its load returned a list"),
        (lambda _: Dataset(X=np.array([[np.nan]])), "dataset odd cannot be used"),
    ],
)
def test_a_dataset_that_fails_says_why(lab: Lab, load: Any, says: str) -> None:
    """No folder is left."""
    message = loading(lab, load)
    assert message["type"] == "failed"
    assert says in message["reason"]
    assert not (lab.folder.parent / "new").exists()


def over_seeds(
    lab: Lab, members: list[tuple[dict[str, Any], dict[str, Any]]], **changes: Any
) -> dict[str, Any]:
    """Return what is measured over runs, each its record and the arrays it sent."""
    job = lab.job(type="seeds", **changes)
    job["members"] = [
        {"seed": seed, "factors": record["factors"]}
        for seed, (record, _) in enumerate(members)
    ]
    arrays = {
        f"{n}/{name}": sent[name]
        for n, (_, sent) in enumerate(members)
        for name in ("W", "H")
        if name in sent
    }
    compute_over_seeds(job, lab.registry, lab.send, arrays)
    return lab.measured


def test_metrics_over_seeds_see_every_run_once(lab: Lab) -> None:
    """From factors sent along and from files alike, with the seed of each."""

    def told(runs: list[FittedRun]) -> dict[str, Any]:
        assert all(run.problem is runs[0].problem for run in runs)
        assert not runs[1].factors.W.flags.writeable
        seeds = [run.config["seed"] for run in runs]
        sums = [float(run.factors.reconstruct().sum()) for run in runs]
        return {"seeds": str(seeds), "first": sums[0], "second": sums[1]}

    lab.metric("told", told, scope="seeds")
    lab.metric("total", lambda run: float(run.factors.reconstruct().sum()))
    folder = str(lab.folder.parent / "study" / "factors")
    inline = lab.fit(seed=0, metrics={"total": {}})
    first = lab.measured["values"]["total"]
    filed = lab.fit(seed=1, inline_bytes=10, factors_folder=folder)
    _, apart = lab.fit(seed=1)
    second = float((apart["W"] @ apart["H"]).sum())
    found = over_seeds(
        lab, [inline, filed], factors_folder=folder, metrics={"told": {}}
    )
    assert found["values"] == {
        "told_seeds": "[0, 1]",
        "told_first": first,
        "told_second": second,
    }


def test_each_metric_over_seeds_fails_for_itself(lab: Lab) -> None:
    """A metric of one run is left out; what one run lacks, the group lacks."""
    lab.metric("good", lambda runs: len(runs), scope="seeds")
    lab.metric("bad", lambda runs: 1 / 0, scope="seeds")
    lab.metric("truth", len, scope="seeds", needs=frozenset({"truth"}))
    lab.metric("single", lambda run: 1.0)
    asked = {name: {} for name in ("bad", "truth", "single", "good")}
    runs = [lab.fit(seed=seed) for seed in range(2)]
    found = over_seeds(lab, runs, metrics=asked)
    assert found["values"] == {"good": 2.0}
    assert found["problems"] == {
        "bad": "metric bad failed: ZeroDivisionError: division by zero",
        "truth": "not applicable: needs truth",
    }
    alone = over_seeds(lab, runs[:1], metrics={"good": {}})
    assert alone["problems"] == {"good": "not applicable: needs 2 seeds"}


def test_a_lost_file_of_one_seed_is_said_of_each_metric(lab: Lab) -> None:
    """The sentence names the file."""
    lab.metric("good", lambda runs: len(runs), scope="seeds")
    folder = lab.folder.parent / "study" / "factors"
    where = {"inline_bytes": 10, "factors_folder": str(folder)}
    runs = [lab.fit(seed=seed, key=f"{seed:032x}", **where) for seed in range(2)]
    file = folder / Path(runs[1][0]["factors"]["path"]).name
    file.unlink()
    found = over_seeds(lab, runs, metrics={"good": {}}, **where)
    assert file.name in found["problems"]["good"]
    assert found["problems"]["good"].startswith("no metrics: ")


def test_what_measures_over_seeds_is_no_part_of_a_run() -> None:
    """Changed, it makes no stored run stale."""
    names = {
        file.name
        for file in sources._closure(
            sources.CORE_ROOTS, ("nmflab",), skip=sources.NO_RESULT
        )
    }
    assert "assemble.py" in names
    assert "over_seeds.py" not in names
