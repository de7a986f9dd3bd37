"""Successive halving: many short starts, the best of them continued, on one budget.

The rounds and their shares are those of `nmflab.stopping.halving`. In a round the
running starts go on in turns, by index, each from where its own generator stands; at
the end of its turn a start is measured, with the clock stopped. The best go on:
lowest `nmflab.run.tried.score`, then lowest index. A start that ends by itself leaves
the race with its result, and both its place and its unused share fall to the others.

Memory: a start that runs holds its starting factors, what its solver keeps, and a copy
of its best pair. One that is beaten by as many as may go on is closed at once, so that
at most one more than these run at a time: ``⌈m/η⌉ + 1`` in round 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nmflab.loop.attempt import Attempt
from nmflab.loop.evaluations import Task
from nmflab.run.seeds import role_rng
from nmflab.run.starts import Start
from nmflab.run.tried import Best, Origin, Restarted, Tried, score
from nmflab.stopping import Stop
from nmflab.stopping.halving import Budget, Limit, Share, places

_DROPPED = "dropped"


def run_halving(
    task: Task,
    make_start: Callable[[int], Start],
    seed: int,
    n_starts: int,
    halving: int,
) -> Restarted:
    """Race `n_starts` starts on one budget; end early where one fails or is invalid.

    Parameters
    ----------
    task, make_start, seed, n_starts
        As for `nmflab.run.restarts.run_starts`; ``task.stop`` is the budget of all.
    halving : int, at least 2
        One start in so many goes on after each round.
    """
    return _Race(task, make_start, seed, places(n_starts, halving)).run()


@dataclass(kw_only=True)
class _Runner:
    """A start that is under way."""

    index: int
    origin: Origin
    attempt: Attempt
    n_rounds: int = 0
    first_round: float | None = None


class _Race:
    """All starts of one run; `places` are those there are in each round."""

    def __init__(
        self,
        task: Task,
        make_start: Callable[[int], Start],
        seed: int,
        places: tuple[int, ...],
    ) -> None:
        self._task, self._make_start, self._seed = task, make_start, seed
        self._places = places
        self._budget = Budget(
            max_steps=task.stop.max_steps, max_seconds=task.stop.max_seconds
        )
        self._running: dict[int, _Runner] = {}
        self._n_steps, self._seconds = 0, 0.0
        self._best = Best(task)

    def run(self) -> Restarted:
        n_rounds = len(self._places)
        for number in range(1, n_rounds + 1):
            self._round(number)
            if not self._running or self._best.has_failed or self._used_up():
                break
        for runner in list(self._running.values()):
            self._end(runner, self._last_word(runner))
        notes = self._notes()
        return self._best.result(self._places[0], n_rounds=n_rounds, notes=notes)

    def _round(self, number: int) -> None:
        """Let each start have its turn, and drop those that lose their place."""
        last = number == len(self._places)
        n_kept = self._places[-1] if last else self._places[number]
        n_entrants = self._places[0] if number == 1 else len(self._running)
        n_shares = n_entrants * (len(self._places) - number + 1)
        share = self._budget.share(self._n_steps, self._seconds, n_shares)
        standings: list[tuple[float, int]] = []
        dropped: dict[int, int] = {}  # the step each had reached
        for runner in self._entrants(number):
            standings.append((self._turn(runner, share), runner.index))
            running = [place for place in standings if place[1] in self._running]
            if len(running) > n_kept:
                worst = self._running[max(running)[1]]
                dropped[worst.index] = worst.attempt.n_steps
                self._end(worst, Stop(_DROPPED, f"dropped in round {number}"))
            if self._best.has_failed:
                return
            if self._used_up():
                break
        ranks = {index: rank for rank, (_, index) in enumerate(sorted(standings), 1)}
        for index, step in dropped.items():  # how they stood is known only now
            self._best.explain(
                index,
                f"dropped after round {number} of {len(self._places)}:"
                f" {ordinal(ranks[index])} of {len(ranks)} at step {step}",
            )

    def _entrants(self, number: int) -> Iterator[_Runner]:
        """Yield the starts of a round by index; in the first they are made here."""
        if number > 1:
            yield from list(self._running.values())
            return
        for index in range(self._places[0]):
            start = self._make_start(index)
            rng = role_rng(self._seed, "solver", index)
            attempt = Attempt(self._task, start.factors, rng, start=index)
            runner = _Runner(index=index, origin=Origin.of(start), attempt=attempt)
            self._running[index] = runner
            yield runner

    def _turn(self, runner: _Runner, share: Share) -> float:
        """Let a start spend its share; return what it is then compared by."""
        attempt = runner.attempt
        n_steps, seconds = attempt.n_steps, attempt.seconds
        # A share below one step is no turn; the start is compared by what it has.
        if share.n_steps != 0:
            attempt.advance(share.n_steps, share.seconds)
            attempt.measure()
        self._n_steps += attempt.n_steps - n_steps
        self._seconds += attempt.seconds - seconds
        runner.n_rounds += 1
        if runner.n_rounds == 1:
            best = attempt.best
            runner.first_round = math.inf if best is None else best.objective
        standing = score(self._task, attempt.best)
        if attempt.outcome is not None:
            self._end(runner)
        return standing

    def _end(self, runner: _Runner, stop: Stop | None = None) -> None:
        """Close a start, and keep what came of it."""
        del self._running[runner.index]
        solved = runner.attempt.finish(stop)
        self._best.add(
            Tried(
                index=runner.index,
                start=runner.origin,
                solved=solved,
                n_rounds=runner.n_rounds,
                first_round=runner.first_round,
            )
        )

    def _used_up(self) -> Limit | None:
        return self._budget.used_up(self._n_steps, self._seconds)

    def _last_word(self, runner: _Runner) -> Stop:
        """Return why a start that could go on ends with the race."""
        at = f"step {runner.attempt.n_steps}"
        if self._best.has_failed:
            return Stop(_DROPPED, f"ended at {at}, since another start failed")
        # All that was left was the last one's; a last bit of it may be rounding.
        limit = self._used_up() or "max_seconds"
        named = self._budget.named(limit)
        return Stop(limit, f"all starts together reached {named}, this one at {at}")

    def _notes(self) -> tuple[str, ...]:
        n_tried, planned = self._best.n_tried, self._places[0]
        if n_tried == planned or self._best.has_failed:
            return ()
        named = self._budget.named(self._used_up() or "max_seconds")
        return (
            f"restarts={planned}: only {n_tried} could be tried, for these used up"
            f" {named} in round 1; raise it, lower restarts, or let the solver yield"
            " after fewer steps",
        )


def ordinal(n: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..."""
    teen = n % 100 in (11, 12, 13)
    return f"{n}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
