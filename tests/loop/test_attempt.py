"""An attempt that is left and taken up again; its clock is moved by the solver."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, Objective, Problem, Promises
from nmflab.loop import Attempt, Task
from nmflab.loop.clock import Clock
from nmflab.stopping import StopSettings


class Corner:
    """The objective is ``W[0, 0]``."""

    def value(self, factors: Factors) -> float:
        """Return the entry."""
        return float(factors.W[0, 0])

    def kappa(self, _factors: Factors, _signs: Collection[str] = ()) -> float:
        """Return a residual far from 0."""
        return 1.0

    def projected_gradient_norm(
        self, _factors: Factors, _signs: Collection[str] = ()
    ) -> float:
        """Return a norm far from 0."""
        return 1.0


@dataclass
class Countdown:
    """A solver whose objective falls by one each step, which takes 1 s."""

    now: float = 0.0

    def iterate(
        self, _problem: Problem, init: Factors, _rng: np.random.Generator
    ) -> Iterator[Factors]:
        """Yield without end, in arrays that the next step overwrites."""
        W = init.W.copy()
        while True:
            self.now += 1
            W[0, 0] -= 1
            yield Factors(W, init.H)


def countdown(*, init: str = "given", **stop: float | None) -> Attempt:
    """Return an attempt from an objective of 100, with 50 steps unless told."""
    solver = Countdown()
    X = np.ones((3, 2))
    problem = Problem(
        X=X, observed=None, objective=Objective(), dtype=np.dtype(np.float64)
    )
    settings = {"kkt": None, "max_steps": 50} | stop
    task = Task(
        problem=problem,
        solver=solver,  # type: ignore[arg-type]
        evaluator=Corner(),
        stop=StopSettings(**settings),  # type: ignore[arg-type]
        promises=Promises(init=init),  # type: ignore[arg-type]
    )
    start = Factors(np.full((3, 1), 100.0), np.ones((1, 2)))
    clock = Clock(lambda: solver.now, lambda: solver.now)
    return Attempt(task, start, np.random.default_rng(0), clock=clock)


def test_an_attempt_goes_on_by_steps_where_it_was_left() -> None:
    """Seven and then four more are eleven; it can go on."""
    attempt = countdown()
    assert attempt.advance(7)
    assert attempt.advance(4)
    assert (attempt.n_steps, attempt.seconds) == (11, 11.0)


def test_an_attempt_goes_on_by_seconds() -> None:
    """Looked at after each step: 2.5 s are three steps, and 3 s more three more."""
    attempt = countdown()
    attempt.advance(seconds=2.5)
    assert attempt.n_steps == 3
    attempt.advance(seconds=3.0)
    assert attempt.n_steps == 6


def test_of_steps_and_seconds_the_first_that_is_spent_ends_a_turn() -> None:
    """Either may be the shorter."""
    attempt = countdown()
    attempt.advance(4, 9.0)
    assert attempt.n_steps == 4
    attempt.advance(9, 2.0)
    assert attempt.n_steps == 6


def test_a_turn_is_at_least_one_step_where_any_is_asked_for() -> None:
    """However short the time; none is done where none is asked for."""
    attempt = countdown()
    attempt.advance(seconds=1e-12)
    assert attempt.n_steps == 1
    attempt.advance(0)
    assert attempt.n_steps == 1


def test_measuring_makes_the_latest_pair_count_and_is_done_once() -> None:
    """Step 7 is no spaced evaluation; step 6 was the last."""
    attempt = countdown()
    attempt.advance(7)
    assert attempt.best is not None
    assert attempt.best.step == 6
    assert attempt.measure()
    assert attempt.measure()
    assert (attempt.best.step, attempt.best.objective) == (7, 93.0)
    assert list(attempt.finish().trace[:, 1]) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_criterion_may_hold_when_the_latest_pair_is_measured() -> None:
    """It ends the attempt as any evaluation does."""
    attempt = countdown(target=93.0)
    assert attempt.advance(7)
    assert not attempt.measure()
    assert attempt.outcome is not None
    assert attempt.outcome.stop == "target"


def test_what_a_solver_never_saw_is_not_measured() -> None:
    """One that brings its own start has nothing to show before its first step."""
    attempt = countdown(init="own")
    attempt.advance(0)
    assert attempt.measure()
    assert attempt.best is None
