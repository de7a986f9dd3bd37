"""The loop, on solvers and clocks made for it: no real time is measured."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from nmflab.contracts import Cells, Factors, Objective, Problem, Promises, Step
from nmflab.loop import TRACE_COLUMNS, Attempt, Solved, Task, next_evaluation, solve
from nmflab.loop.clock import Clock
from nmflab.stopping import Stop, StopSettings

Yields = Generator[Factors | Step, None, str | None]


@dataclass
class Time:
    """What the clocks show; moves when a solver or an evaluator says so."""

    now: float = 0.0


@dataclass
class CornerEvaluator:
    """The objective is ``W[0, 0]`` and kappa ``H[0, 0]``; each takes 100 s."""

    time: Time = field(default_factory=Time)
    seen: list[Factors] = field(default_factory=list)

    def value(self, factors: Factors) -> float:
        """Return the entry, and note what was measured."""
        self.time.now += 100
        self.seen.append(factors)
        return float(factors.W[0, 0])

    def kappa(self, factors: Factors, _signs: Collection[str] = ()) -> float:
        """Return the entry of H."""
        self.time.now += 100
        return float(factors.H[0, 0])

    def projected_gradient_norm(
        self, factors: Factors, _signs: Collection[str] = ()
    ) -> float:
        """Return the entry of H."""
        return float(factors.H[0, 0])


def pair(objective: float, kappa: float = 1.0) -> Factors:
    """Return factors of a 3x2 problem with one component."""
    W, H = np.ones((3, 1)), np.ones((1, 2))
    W[0, 0], H[0, 0] = objective, kappa
    return Factors(W, H)


@dataclass
class Scripted:
    """A solver that yields given objectives, each step taking 1 s, then returns."""

    objectives: Sequence[float]
    time: Time = field(default_factory=Time)
    says: str | None = "the script is over"

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Yields:
        """Yield the script, in arrays that the next step overwrites."""
        factors = pair(init.W[0, 0])
        for objective in self.objectives:
            self.time.now += 1
            factors.W[0, 0] = objective
            yield factors
        return self.says


@dataclass
class Yielding:
    """A solver made of a function that makes its generator."""

    make: Callable[[Problem, Factors, np.random.Generator], Iterator[object]]

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Yields:
        """Return what the function makes."""
        return self.make(problem, init, rng)  # type: ignore[return-value]


def a_problem() -> Problem:
    """Return a read-only 3x2 problem."""
    X = np.arange(6.0).reshape(3, 2)
    X.setflags(write=False)
    return Problem(
        X=X, observed=None, objective=Objective(), dtype=np.dtype(np.float64)
    )


def run(
    solver: object,
    *,
    init: Factors | None = None,
    stop: StopSettings | None = None,
    evaluator: CornerEvaluator | None = None,
    **more: object,
) -> Solved:
    """Solve with 30 steps as the only criterion, unless told otherwise."""
    return solve(
        a_problem(),
        solver,  # type: ignore[arg-type]
        pair(100.0) if init is None else init,
        np.random.default_rng(0),
        StopSettings(kkt=None, max_steps=30) if stop is None else stop,
        CornerEvaluator() if evaluator is None else evaluator,
        name="scripted",
        **more,  # type: ignore[arg-type]
    )


def column(solved: Solved, name: str) -> list[float]:
    """Return a column of the trace."""
    return [float(v) for v in solved.trace[:, TRACE_COLUMNS.index(name)]]


def test_reseeded_components_are_summed_over_the_steps() -> None:
    """Each yield tells those since the last; plain factors tell of none."""

    def make(
        problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Iterator[Factors | Step]:
        yield Step(pair(4.0), n_reseeded=2)
        yield pair(3.0)
        yield Step(pair(2.0), n_reseeded=1)

    assert run(Yielding(make)).n_reseeded == 3


def test_evaluations_stand_a_fifth_apart_and_dense_at_the_start() -> None:
    """The first steps are those the documentation states."""
    steps = [0]
    while steps[-1] < 22:
        steps.append(next_evaluation(steps[-1]))
    assert steps == [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22]


def test_the_trace_holds_the_start_the_spaced_steps_and_the_last() -> None:
    """With 11 steps the last is none of the spaced ones and is there all the same."""
    solved = run(Scripted(range(50, 0, -1)), stop=StopSettings(kkt=None, max_steps=11))
    assert column(solved, "step") == [0, 1, 2, 3, 4, 5, 6, 8, 10, 11]
    assert column(solved, "objective")[:3] == [100.0, 50.0, 49.0]
    assert column(solved, "objective")[-1] == 40.0
    assert solved.trace.dtype == np.float64
    assert set(column(solved, "start")) == {0.0}


def test_the_clock_stands_still_while_the_objective_is_measured() -> None:
    """Steps take 1 s and evaluations 200 s: after n steps the clock shows n."""
    time = Time()
    solved = run(
        Scripted(range(50, 0, -1), time),
        evaluator=CornerEvaluator(time),
        clock=Clock(wall=lambda: time.now, cpu=lambda: 2 * time.now),
    )
    assert solved.seconds == 30.0
    assert solved.cpu_seconds == 60.0
    assert column(solved, "seconds") == column(solved, "step")


def test_the_first_step_is_on_the_clock_with_all_that_precedes_it() -> None:
    """What a solver does before its first yield counts, even outside a generator."""
    time = Time()

    def eager(*_: object) -> Iterator[object]:
        time.now += 5
        return iter([pair(3.0)])

    solved = run(Yielding(eager), clock=Clock(lambda: time.now, lambda: time.now))
    assert solved.seconds == 5.0


def test_factors_on_demand_are_fetched_only_when_due_with_the_clock_stopped() -> None:
    """Fetching takes 50 s and is asked for at evaluated steps only."""
    time, fetched = Time(), []

    def lazy(*_: object) -> Iterator[object]:
        for step in range(1, 100):
            time.now += 1

            def fetch(step: int = step) -> Factors:
                time.now += 50
                fetched.append(step)
                return pair(100.0 - step)

            yield Step(fetch)

    solved = run(
        Yielding(lazy),
        stop=StopSettings(kkt=None, max_steps=11),
        clock=Clock(lambda: time.now, lambda: time.now),
    )
    warmed = fetched[:2]
    assert warmed == [1, 2]
    assert fetched[2:] == [1, 2, 3, 4, 5, 6, 8, 10, 11]
    assert solved.seconds == 11.0


def test_the_best_evaluated_pair_is_kept_not_the_last() -> None:
    """An oscillating solver passes 2.0 at step 3 and ends at 9.0."""
    solved = run(Scripted([8.0, 5.0, 2.0, 7.0, 9.0]))
    assert solved.best is not None
    assert (solved.best.step, solved.best.objective) == (3, 2.0)
    assert solved.factors is not None
    assert solved.factors.W[0, 0] == 2.0
    assert column(solved, "objective")[-1] == 9.0


def test_what_is_kept_is_a_copy() -> None:
    """A solver that goes on writing to its arrays changes nothing kept."""
    held: list[Factors] = []

    def reusing(*_: object) -> Iterator[object]:
        factors = pair(3.0)
        held.append(factors)
        yield factors

    solved = run(Yielding(reusing))
    for factors in held:
        factors.W[:] = -1.0
    assert solved.factors is not None
    assert solved.factors.W[0, 0] == 3.0


def test_a_start_that_nothing_improves_on_is_what_is_returned() -> None:
    """The start is an evaluated pair like any other."""
    solved = run(Scripted([150.0, 120.0]))
    assert solved.best is not None
    assert (solved.best.step, solved.best.objective) == (0, 100.0)


def test_the_start_is_not_credited_to_a_solver_that_brings_its_own() -> None:
    """It is neither measured nor returned, however good."""
    solved = run(Scripted([150.0, 120.0]), promises=Promises(init="own"))
    assert column(solved, "step") == [1, 2]
    assert solved.first is not None
    assert solved.first.objective == 150.0
    assert solved.best is not None
    assert solved.best.objective == 120.0


def test_float32_factors_are_measured_and_returned_in_float64() -> None:
    """In C order, whatever the solver's layout."""

    def single(*_: object) -> Iterator[object]:
        W = np.asfortranarray(np.full((3, 2), 0.1, np.float32))
        yield Factors(W, np.full((2, 2), 0.1, np.float32))

    evaluator = CornerEvaluator()
    init = Factors(np.ones((3, 2), np.float32), np.ones((2, 2), np.float32))
    solved = run(Yielding(single), init=init, evaluator=evaluator)
    assert solved.factors is not None
    for factors in (*evaluator.seen, solved.factors):
        assert factors.W.dtype == factors.H.dtype == np.float64
        assert factors.W.flags.c_contiguous
    assert solved.factors.W[0, 0] == np.float64(np.float32(0.1))


def test_a_solver_that_returns_gives_the_stop_reason() -> None:
    """Its sentence is the reason, and the criterion is "solver"."""
    solved = run(Scripted([5.0, 4.0], says="tolerance reached in one call"))
    assert solved.outcome.status == "ok"
    assert solved.outcome.stop == "solver"
    assert solved.outcome.reason == "tolerance reached in one call"
    assert solved.n_steps == 2


def test_a_solver_that_returns_in_silence_is_said_to() -> None:
    """There is a reason in any case."""
    solved = run(Scripted([5.0], says=None))
    assert solved.outcome.reason == "solver scripted returned without a reason"


def test_the_last_yield_before_a_return_is_evaluated() -> None:
    """Step 7 is none of the spaced steps."""
    solved = run(Scripted([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]))
    assert column(solved, "step")[-1] == 7
    assert solved.best is not None
    assert solved.best.objective == 3.0


def test_a_criterion_ends_the_run_and_is_named() -> None:
    """Target is seen at step 6, the first evaluation at or below it."""
    stop = StopSettings(kkt=None, max_steps=30, target=45.0)
    solved = run(Scripted(range(50, 0, -1)), stop=stop)
    assert solved.outcome.stop == "target"
    assert solved.n_steps == 6


def test_a_criterion_that_holds_at_the_limit_is_named_before_the_limit() -> None:
    """At step 4 both hold; reaching the target is the better news."""
    stop = StopSettings(kkt=None, max_steps=4, target=47.0)
    assert run(Scripted(range(50, 0, -1)), stop=stop).outcome.stop == "target"


def test_a_start_that_meets_a_criterion_takes_no_step() -> None:
    """The solver is not even asked."""
    solved = run(Scripted([1.0]), init=pair(5.0, kappa=1e-6), stop=StopSettings())
    assert (solved.n_steps, solved.outcome.stop) == (0, "kkt")
    assert solved.factors is not None


def test_max_seconds_counts_the_solver_alone() -> None:
    """Evaluations of 200 s each do not bring the limit of 9 s nearer."""
    time = Time()
    solved = run(
        Scripted(range(50, 0, -1), time),
        stop=StopSettings(kkt=None, max_steps=None, max_seconds=9.0),
        evaluator=CornerEvaluator(time),
        clock=Clock(lambda: time.now, lambda: time.now),
    )
    assert (solved.outcome.stop, solved.n_steps) == ("max_seconds", 9)


def test_a_yield_of_several_steps_counts_them_and_its_passes() -> None:
    """Passes are the steps unless told otherwise."""

    def several(*_: object) -> Iterator[object]:
        yield Step(pair(9.0), n_steps=10)
        yield Step(pair(8.0), n_steps=10, passes=2.5)

    solved = run(Yielding(several))
    assert (solved.n_steps, solved.passes) == (20, 12.5)
    assert column(solved, "passes") == [0.0, 10.0, 12.5]


def test_an_own_objective_decides_what_is_kept_and_when_to_stop() -> None:
    """The own one is best at step 2, where the shared one is worst."""

    def own(*_: object) -> Iterator[object]:
        for shared, value in ((5.0, 3.0), (9.0, 1.0), (4.0, 2.0)):
            yield Step(pair(shared), objective=value)

    promises = Promises(minimises="own")
    solved = run(Yielding(own), promises=promises)
    assert solved.best is not None
    assert (solved.best.step, solved.best.own, solved.best.objective) == (2, 1.0, 9.0)
    stop = StopSettings(kkt=None, max_steps=30, target=1.5)
    assert run(Yielding(own), promises=promises, stop=stop).n_steps == 2


def test_without_a_told_own_objective_the_latest_pair_is_kept() -> None:
    """Nothing can be compared then, and the solver's last word stands."""
    solved = run(Scripted([5.0, 9.0]), promises=Promises(minimises="own"))
    assert solved.best is not None
    assert solved.best.step == 2


@pytest.mark.parametrize(
    ("bad", "says"),
    [(math.nan, r"a NaN in W \(at \[0, 0\]\)"), (math.inf, "an infinity in W")],
)
def test_a_pair_that_is_not_finite_ends_the_run_as_invalid(
    bad: float, says: str
) -> None:
    """The best good pair before it is kept, and the reason names both steps."""
    solved = run(Scripted([9.0, 8.0, 7.0, bad, 6.0]))
    assert solved.outcome.status == "invalid"
    pattern = rf"^solver scripted yielded {says}.* at step 4; .*\(step 3\) are kept$"
    assert re.match(pattern, solved.outcome.reason)
    assert solved.factors is not None
    assert solved.factors.W[0, 0] == 7.0


def test_a_broken_promise_of_sign_names_the_first_such_entry() -> None:
    """W[2, 0] is the first negative entry."""

    def signed(*_: object) -> Iterator[object]:
        factors = pair(3.0)
        factors.W[2, 0] = -0.25
        yield factors

    solved = run(Yielding(signed))
    assert solved.outcome.status == "invalid"
    expected = "yielded -0.25 in W (at [2, 0]), promised to be >= 0, at step 1"
    assert expected in solved.outcome.reason
    allowed = run(Yielding(signed), promises=Promises(nonnegative=frozenset({"H"})))
    assert allowed.outcome.status == "ok"


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        ((1, 2), "yielded a tuple, not Factors or Step"),
        (Step(pair(1.0), n_steps=0), "a Step with n_steps=0, which must be >= 1"),
        (Step(lambda: None), "a Step that holds a NoneType, not Factors"),  # type: ignore[arg-type, return-value]
        (
            Factors(np.ones((2, 1)), np.ones((1, 2))),
            r"a W of shape (2, 1) instead of (3, 1)",
        ),
        (Factors([1.0], np.ones((1, 2))), "a W that is no floating-point NumPy array"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_pair_of_factors_is_refused(thing: object, says: str) -> None:
    """The reason tells what was yielded instead."""
    solved = run(Yielding(lambda *_: iter([thing])))
    assert solved.outcome.status == "invalid"
    assert says in solved.outcome.reason


def test_a_solver_that_raises_ends_as_an_error_with_step_and_traceback() -> None:
    """The trace so far is there."""

    def failing(*_: object) -> Iterator[object]:
        yield pair(9.0)
        yield pair(8.0)
        raise ZeroDivisionError("division by zero")

    solved = run(Yielding(failing))
    assert solved.outcome.status == "error"
    assert (
        solved.outcome.reason
        == "solver scripted failed in step 3: ZeroDivisionError: division by zero"
    )
    assert "in failing" in (solved.outcome.traceback or "")
    assert column(solved, "objective") == [100.0, 9.0, 8.0]


def test_running_out_of_memory_is_a_status_of_its_own() -> None:
    """And sys.exit() of a solver is an error, not the end of the process."""

    def raising(error: BaseException) -> Yielding:
        def make(*_: object) -> Iterator[object]:
            yield pair(9.0)
            raise error

        return Yielding(make)

    assert run(raising(MemoryError("80 GB"))).outcome.status == "oom"
    left = run(raising(SystemExit(3)))
    assert left.outcome.status == "error"
    assert "SystemExit: 3" in left.outcome.reason


def test_a_solver_that_writes_to_x_or_its_start_is_stopped_by_numpy() -> None:
    """The problem's arrays and the start are read-only."""

    def writing(problem: Problem, *_: object) -> Iterator[object]:
        problem.X[0, 0] = 5.0
        yield pair(1.0)

    solved = run(Yielding(writing))
    assert solved.outcome.status == "error"
    assert "read-only" in solved.outcome.reason


def test_a_solver_that_yields_nothing_has_no_factors_of_its_own() -> None:
    """Given a start, the start is its answer; bringing its own, there is none."""
    given = run(Scripted([], says="nothing to do"))
    assert (given.outcome.status, given.n_steps) == ("ok", 0)
    own = run(Scripted([]), promises=Promises(init="own"))
    assert own.outcome.status == "error"
    assert own.outcome.reason == "solver scripted ended before it yielded any factors"
    assert own.factors is None


def test_an_objective_that_is_never_finite_is_invalid() -> None:
    """Infinite at every evaluation, though all factors are finite."""

    class Infinite(CornerEvaluator):
        def value(self, factors: Factors) -> float:
            return math.inf

    solved = run(Scripted([5.0]), evaluator=Infinite())
    assert solved.outcome.status == "invalid"
    assert "objective is infinite" in solved.outcome.reason


def test_without_a_trace_only_start_and_end_are_measured() -> None:
    """Kappa is measured once, of the pair that is kept."""
    evaluator = CornerEvaluator()
    solved = run(Scripted(range(50, 0, -1)), trace=False, evaluator=evaluator)
    assert column(solved, "step") == [0, 30]
    assert all(map(math.isnan, column(solved, "kappa")))
    assert solved.best is not None
    assert solved.best.kappa == 1.0


def test_without_a_trace_criteria_are_still_looked_at_where_they_would_be() -> None:
    """The same step and the same pair as with a trace."""
    stop = StopSettings(kkt=None, max_steps=30, target=45.0)
    with_trace = run(Scripted(range(50, 0, -1)), stop=stop)
    without = run(Scripted(range(50, 0, -1)), stop=stop, trace=False)
    assert without.n_steps == with_trace.n_steps == 6
    assert without.outcome == with_trace.outcome


def test_validation_is_measured_on_its_cells_and_decides_what_is_kept() -> None:
    """W[0, 0] is the modelled cell, 3 the known value: step 2 is the nearest."""
    cells = Cells(np.array([0]), np.array([0]), np.array([3.0]))
    stop = StopSettings(kkt=None, max_steps=30, validation=2)
    solved = run(Scripted([6.0, 3.5, 2.0, 1.0]), stop=stop, validation=cells)
    assert column(solved, "validation") == [97.0, 3.0, 0.5, 1.0, 2.0]
    assert solved.outcome.stop == "validation"
    assert solved.best is not None
    assert (solved.best.step, solved.best.objective) == (2, 3.5)


def test_the_validation_criterion_needs_validation_cells() -> None:
    """Refused before the first step, naming the key and the way out."""
    with pytest.raises(ValueError, match=r"stop\.validation=2 needs validation cells"):
        run(Scripted([1.0]), stop=StopSettings(validation=2))


def test_one_seed_gives_one_result_to_the_last_bit() -> None:
    """Trace values, factors and reason are equal; only times may differ."""

    def random(problem: Problem, init: Factors, rng: np.random.Generator) -> Yields:
        while True:
            yield Factors(rng.random((3, 1)), rng.random((1, 2)))

    first, second = run(Yielding(random)), run(Yielding(random))
    timed = [TRACE_COLUMNS.index(c) for c in ("seconds", "cpu_seconds")]
    one, other = (np.delete(s.trace, timed, axis=1) for s in (first, second))
    assert np.array_equal(one, other, equal_nan=True)
    assert first.factors is not None
    assert second.factors is not None
    assert first.factors.W.tobytes() == second.factors.W.tobytes()
    assert first.outcome == second.outcome


def test_an_attempt_advanced_in_turns_ends_as_one_run_through() -> None:
    """Stopping in between changes neither trace nor result."""
    stop = StopSettings(kkt=None, max_steps=11)
    through = run(Scripted(range(50, 0, -1)), stop=stop)
    task = Task(
        problem=a_problem(),
        solver=Scripted(range(50, 0, -1)),
        evaluator=CornerEvaluator(),
        stop=stop,
        promises=Promises(),
    )
    attempt = Attempt(task, pair(100.0), np.random.default_rng(0))
    turns = [attempt.advance(4), attempt.advance(4), attempt.advance(4)]
    assert turns == [True, True, False]
    solved = attempt.finish()
    assert column(solved, "step") == column(through, "step")
    assert solved.best == through.best


def test_an_attempt_dropped_on_the_way_measures_its_last_pair_and_says_why() -> None:
    """Its solver is closed."""
    closed = []

    def solver(*_: object) -> Iterator[object]:
        try:
            for step in range(100):
                yield pair(100.0 - step)
        finally:
            closed.append(True)

    task = Task(
        problem=a_problem(),
        solver=Yielding(solver),
        evaluator=CornerEvaluator(),
        stop=StopSettings(),
        promises=Promises(),
    )
    attempt = Attempt(task, pair(200.0), np.random.default_rng(0))
    attempt.advance(7)
    solved = attempt.finish(Stop("halved", "the worse half after 7 steps"))
    assert solved.outcome.reason == "the worse half after 7 steps"
    assert column(solved, "step")[-1] == 7
    assert closed == [True]


def test_a_solver_that_raises_when_closed_loses_nothing() -> None:
    """It is warned of."""

    def sticky(*_: object) -> Iterator[object]:
        try:
            while True:
                yield pair(3.0)
        finally:
            raise RuntimeError("cannot let go")

    with pytest.warns(RuntimeWarning, match="raised when it was closed.*cannot let go"):
        solved = run(Yielding(sticky))
    assert solved.outcome.status == "ok"
