"""Races of starts whose objectives are scripted: who is dropped when, on what budget.

A start's objective after a step is a function of its index and the step, so that every
rank, share and sum can be done by hand.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from nmflab.contracts import Factors, Objective, Problem, Promises, Step
from nmflab.loop import Task, attempt
from nmflab.loop.clock import Clock
from nmflab.run.halving import ordinal
from nmflab.run.restarts import run_starts
from nmflab.run.starts import Start
from nmflab.run.tried import Restarted
from nmflab.stopping import StopSettings

Curve = Callable[[int, int], float]


UNKNOWN = 99.0
"""An index whose start has an infinite objective."""


class Corner:
    """The objective is ``W[0, 0]``; stationarity is never reached."""

    def value(self, factors: Factors) -> float:
        """Return the entry."""
        corner, index = factors.W[:2, 0]
        return math.inf if index == UNKNOWN else float(corner)

    def kappa(self, _factors: Factors, _signs: Collection[str] = ()) -> float:
        """Return a residual far from 0."""
        return 1.0

    def projected_gradient_norm(
        self, _factors: Factors, _signs: Collection[str] = ()
    ) -> float:
        """Return a norm far from 0."""
        return 1.0


@dataclass
class Racers:
    """A solver whose objective is ``curve(index, step)``; a step takes 1 s.

    ``W[1, 0]`` of a start holds its index.
    """

    curve: Curve
    per_yield: int = 1
    now: float = 0.0
    order: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    most_alive: int = 0

    def iterate(
        self, _problem: Problem, init: Factors, _rng: np.random.Generator
    ) -> Iterator[Step]:
        """Yield without end; note who steps, begins and is closed."""
        index, step = int(init.W[1, 0]), 0
        self.begun.append(index)
        self.most_alive = max(self.most_alive, len(self.begun) - len(self.closed))
        W = init.W.copy()
        try:
            while True:
                step += self.per_yield
                self.now += self.per_yield
                self.order.append(index)
                W[0, 0] = self.curve(index, step)
                yield Step(Factors(W, init.H), n_steps=self.per_yield)
        finally:
            self.closed.append(index)


INDICES: dict[int, float] = {}


def made(index: int) -> Start:
    """Return the start of an index; all begin at 1000."""
    shown = INDICES.get(index, index)
    factors = Factors(np.array([[1000.0], [shown], [0.0]]), np.ones((1, 2)))
    return Start(factors=factors, hash=f"{index:032x}", seconds=0.5, cpu_seconds=0.25)


def race(
    racers: Racers, n_starts: int = 8, halving: int | None = 2, **stop: object
) -> Restarted:
    """Run a race on 320 steps, unless told otherwise."""
    X = np.arange(6.0).reshape(3, 2)
    problem = Problem(
        X=X, observed=None, objective=Objective(), dtype=np.dtype(np.float64)
    )
    settings = {"kkt": None, "max_steps": 320} | stop
    task = Task(
        problem=problem,
        solver=racers,  # type: ignore[arg-type]
        evaluator=Corner(),
        stop=StopSettings(**settings),  # type: ignore[arg-type]
        promises=Promises(),
        name="racers",
    )
    return run_starts(task, made, 0, n_starts, halving)


def of(done: Restarted, name: str) -> list[object]:
    """Return a field of every start's row."""
    return [row[name] for row in done.rows()]


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Racers], Racers]:
    """Return a function that has the loop's clocks show what racers spend."""

    def show(racers: Racers) -> Racers:
        hand = lambda: racers.now  # noqa: E731
        monkeypatch.setattr(attempt, "Clock", lambda: Clock(hand, hand))
        return racers

    return show


def falling(index: int, step: int) -> float:
    """Return what is lower the higher the index, at every step."""
    return 100.0 - 10 * index + 1 / step


def test_rounds_of_equal_cost_leave_the_better_half_each_time() -> None:
    """320 steps are four rounds of 80: 10, 20, 40 and 80 for each that takes part."""
    done = race(Racers(falling))
    assert of(done, "n_steps") == [10, 10, 10, 10, 30, 30, 70, 150]
    assert of(done, "n_rounds") == [1, 1, 1, 1, 2, 2, 3, 4]
    assert of(done, "chosen") == [False] * 7 + [True]
    assert done.best is not None
    assert done.best.factors is not None
    assert done.best.factors.W[0, 0] == falling(7, 150)


def test_a_race_costs_what_a_single_start_may() -> None:
    """To the step, for any number of starts and any share that goes on."""
    for n_starts, halving in ((2, 2), (5, 2), (7, 3), (13, 4), (8, 10)):
        done = race(Racers(lambda index, _: 100.0 - index), n_starts, halving)
        assert sum(row["n_steps"] for row in done.rows()) == 320


def test_who_is_dropped_is_told_in_a_sentence() -> None:
    """The round, the rank in it and the step."""
    reasons = of(race(Racers(falling)), "reason")
    assert reasons[0] == "dropped after round 1 of 4: 8th of 8 at step 10"
    assert reasons[3] == "dropped after round 1 of 4: 5th of 8 at step 10"
    assert reasons[5] == "dropped after round 2 of 4: 3rd of 4 at step 30"
    assert reasons[6] == "dropped after round 3 of 4: 2nd of 2 at step 70"
    assert reasons[7] == (
        "all starts together reached stop.max_steps=320, this one at step 150"
    )


def test_the_run_ends_as_its_best_start() -> None:
    """Its reason names the start and how many there were."""
    outcome = race(Racers(falling)).outcome
    assert (outcome.status, outcome.stop) == ("ok", "max_steps")
    assert outcome.reason.startswith("start 7 was the best (of 8, counted from 0): all")


def test_the_rank_at_the_end_of_a_round_decides() -> None:
    """Start 0 leads until step 5 and is last at step 10, where the round ends."""

    def overtaken(index: int, step: int) -> float:
        return 50.0 if index == 0 else 90.0 - 5 * step - index

    done = race(Racers(overtaken))
    assert done.rows()[0]["reason"].startswith("dropped after round 1 of 4: 8th")


def test_of_equals_the_lower_index_goes_on() -> None:
    """Chance, order and memory have no part in it."""
    done = race(Racers(lambda _, step: 1 / step))
    assert of(done, "n_rounds") == [4, 3, 2, 2, 1, 1, 1, 1]
    assert done.chosen == 0


def test_a_generator_is_made_once_and_goes_on_where_it_stood() -> None:
    """Nothing is solved twice; a start's trace is one rising row of steps."""
    racers = Racers(falling)
    trace = race(racers).trace()
    assert racers.begun == list(range(8))
    assert sorted(racers.closed) == list(range(8))
    steps = trace[trace[:, 0] == 7][:, 1]
    assert (np.diff(steps) > 0).all()
    assert {10, 30, 70, 150} <= set(steps)


def test_losers_are_closed_at_once() -> None:
    """One more than may go on are alive at a time, and only the best has factors."""
    racers = Racers(falling)
    done = race(racers, 9)
    assert racers.most_alive == 5 + 1
    assert sum(t.solved.factors is not None for t in done.tried) == 1


def test_the_median_is_that_of_the_end_of_round_one() -> None:
    """Later values are not comparable: those that were dropped had no more steps."""
    done = race(Racers(falling))
    values = [falling(index, 10) for index in range(8)]
    assert of(done, "objective_round_1") == pytest.approx(values, rel=1e-15)
    assert done.median == pytest.approx(statistics.median(values), rel=1e-15)


def test_without_halving_the_median_is_that_of_the_ends() -> None:
    """Each start has the whole budget, and no round to be told of."""
    done = race(Racers(falling), 3, None)
    assert of(done, "n_steps") == [320] * 3
    assert of(done, "objective_round_1") == [None] * 3
    assert (done.n_rounds, done.median) == (1, falling(1, 320))


def test_a_start_that_ends_by_itself_frees_its_share_and_its_place() -> None:
    """Of 120 steps in 3 rounds 10 are each start's; 8 come back after 2.

    88 are left for two rounds: 22 for each of two, and 44 for the last.
    """

    def one_is_quick(index: int, step: int) -> float:
        return 1.0 if index == 0 and step == 2 else 100.0 - index

    done = race(Racers(one_is_quick), 4, max_steps=120, target=1.0)
    assert of(done, "n_steps") == [2, 10, 32, 76]
    assert of(done, "stop") == ["target", "dropped", "dropped", "max_steps"]
    assert (done.chosen, done.outcome.stop) == (0, "target")


def test_a_race_is_over_when_every_start_has_ended() -> None:
    """What they did not need is not spent."""
    done = race(Racers(lambda _, step: 10.0 - step), target=7.0)
    assert of(done, "n_steps") == [3] * 8
    assert done.outcome.stop == "target"
    assert done.notes == ()


def test_a_criterion_is_looked_at_when_a_round_ends() -> None:
    """Step 11 is no spaced evaluation; a pair that is good enough goes no further."""
    done = race(Racers(lambda _, step: 100.0 - step), 2, max_steps=44, target=89.0)
    assert of(done, "n_steps") == [11, 11]
    assert of(done, "stop") == ["target", "target"]


def test_a_start_that_fails_ends_the_race() -> None:
    """As without halving: a fault is not passed over, and nobody is left alive."""

    def third_fails(index: int, step: int) -> float:
        if (index, step) == (2, 4):
            raise RuntimeError("no luck")
        return falling(index, step)

    racers = Racers(third_fails)
    done = race(racers)
    assert done.outcome.status == "error"
    assert done.outcome.reason.startswith("start 2 (of 8, counted from 0): solver rac")
    assert of(done, "n_steps") == [10, 10, 3]
    assert of(done, "reason")[1] == "ended at step 10, since another start failed"
    assert sorted(racers.closed) == [0, 1, 2]
    assert done.median is None


def test_seconds_are_shared_out_as_steps_are(timed) -> None:
    """A step takes a second, so that the same race comes of 320 s."""
    racers = timed(Racers(falling))
    done = race(racers, max_steps=None, max_seconds=320.0)
    assert of(done, "n_steps") == [10, 10, 10, 10, 30, 30, 70, 150]
    assert of(done, "seconds") == of(done, "n_steps")
    assert done.total(lambda tried: tried.solved.seconds) == 320
    assert done.outcome.stop == "max_seconds"
    assert "reached stop.max_seconds=320.0, this one at step 150" in done.outcome.reason


def test_of_two_limits_the_one_that_binds_holds(timed) -> None:
    """80 s are 2.5 a start, which is 3 steps; what they took too much comes off later.

    56 s are left after round 1: 4.7 (5 steps) for each of four, then 36: 9 for each of
    two, then 18.
    """
    racers = timed(Racers(falling))
    done = race(racers, max_steps=320, max_seconds=80.0)
    assert of(done, "n_steps") == [3, 3, 3, 3, 8, 8, 17, 35]
    assert racers.now == 80
    assert done.outcome.stop == "max_seconds"


def test_yields_of_many_steps_do_not_multiply_the_budget() -> None:
    """With 100 steps a yield, the fourth start uses 320 up: no other is begun."""
    racers = Racers(falling, per_yield=100)
    done = race(racers)
    assert of(done, "n_steps") == [100] * 4
    assert (done.planned, done.chosen) == (8, 3)
    [note] = done.notes
    assert note.startswith("restarts=8: only 4 could be tried, for these used up")
    assert "stop.max_steps=320 in round 1" in note


def test_a_share_below_one_step_is_no_turn() -> None:
    """Four yields of 29 leave 2 of 118 steps: none for two, all for the last."""
    done = race(Racers(falling, per_yield=29), 4, max_steps=118)
    assert of(done, "n_steps") == [29, 29, 29, 58]
    assert of(done, "n_rounds") == [1, 1, 2, 3]


def test_starts_are_ranked_where_no_trace_is_kept(monkeypatch) -> None:
    """The end of a round is measured whether or not anything else is."""
    monkeypatch.setattr(Task, "trace", False)
    assert of(race(Racers(falling)), "n_rounds") == [1, 1, 1, 1, 2, 2, 3, 4]


def test_a_start_without_a_finite_objective_ends_the_race(monkeypatch) -> None:
    """As without halving: what cannot be measured is invalid, not just the last."""
    monkeypatch.setitem(INDICES, 1, UNKNOWN)
    done = race(Racers(lambda *_: 1.0), 3, max_steps=9)
    assert done.outcome.status == "invalid"
    assert "objective is infinite" in done.outcome.reason


def test_ordinals_read_as_they_are_spoken() -> None:
    """The teens are the exception."""
    said = [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    expected = "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th"
    assert " ".join(said) == expected
