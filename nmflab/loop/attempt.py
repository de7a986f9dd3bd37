"""One start being solved: stepping, timing, measuring, ending.

Nothing here raises for what a solver does: it ends up in the `Outcome`.
"""

from __future__ import annotations

import math
import traceback
import warnings
from collections.abc import Iterator

import numpy as np

from nmflab.contracts import Factors, Step
from nmflab.loop.clock import Clock
from nmflab.loop.evaluations import Evaluations, Task
from nmflab.loop.outcome import Outcome, Solved
from nmflab.stopping import Stop, StopRule
from nmflab.stopping.criteria import Evaluation
from nmflab.verify import find_fault


def next_evaluation(step: int) -> int:
    """Return the step to evaluate at after `step`: a fifth more, rounded up."""
    return max(step + 1, -(-6 * step // 5))


class Attempt:
    """One start being solved; can be advanced by steps and left for later.

    Parameters
    ----------
    task : Task
    init : Factors
        Read-only, of the problem's dtype.
    rng : numpy.random.Generator
        The solver's.
    start : int
        Index of the start, the trace's first column.
    clock : Clock, optional
    """

    def __init__(
        self,
        task: Task,
        init: Factors,
        rng: np.random.Generator,
        *,
        start: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.outcome: Outcome | None = None
        self.n_steps, self.passes = 0, 0.0
        self.n_reseeded = 0
        self._task, self._init, self._rng = task, init, rng
        self._clock = Clock() if clock is None else clock
        self._rule = StopRule(task.stop, task.promises.minimises)
        self._evaluations = Evaluations(task, start)
        self._iterator: Iterator[Factors | Step] = iter(())
        self._begun = False
        self._latest: Factors | Step = init
        spaced = task.trace or bool(self._rule.criteria)
        self._due: float = 1 if spaced else math.inf

    @property
    def best(self) -> Evaluation | None:
        """The best evaluation so far."""
        return self._evaluations.best

    @property
    def seconds(self) -> float:
        """Wall seconds of the solver so far."""
        return self._clock.seconds

    def advance(self, n_steps: int | None = None, seconds: float | None = None) -> bool:
        """Go on until a criterion holds, or `n_steps` or `seconds` more are spent.

        Looked at after each yield, so that a yield may go beyond either. Where any step
        is asked for, at least one is done.

        Returns
        -------
        bool
            Whether the attempt can go on; False once `outcome` is set.
        """
        until = math.inf if n_steps is None else self.n_steps + n_steps
        late = math.inf if seconds is None else self._clock.seconds + seconds
        if self.outcome is None and not self._begun:
            self._begin()
        if self.outcome is None:
            self._clock.resume()
        while self.outcome is None and self.n_steps < until:
            self._step()
            if seconds is not None and self._clock.seconds >= late:
                break
        self._clock.pause()
        return self.outcome is None

    def measure(self) -> bool:
        """Measure the latest pair, unless that is done; a criterion may hold then.

        Returns
        -------
        bool
            As `advance`.
        """
        measured = self.n_steps <= self._evaluations.last_step
        if self.outcome is None and self._latest is not self._init and not measured:
            self._evaluate()
        return self.outcome is None

    def finish(self, dropped: Stop | None = None) -> Solved:
        """Close the solver and sum up.

        Parameters
        ----------
        dropped : Stop, optional
            Why an attempt that could go on is ended; its last pair is measured first.
        """
        if self.outcome is None:
            self._end(dropped or Stop("dropped", f"ended at step {self.n_steps}"))
        self._close()
        return Solved(
            outcome=self.outcome or self._nothing_yielded(),
            factors=self._evaluations.best_factors(),
            best=self._evaluations.complete(),
            first=self._evaluations.first,
            trace=self._evaluations.trace(),
            n_steps=self.n_steps,
            passes=self.passes,
            n_reseeded=self.n_reseeded,
            seconds=self._clock.seconds,
            cpu_seconds=self._clock.cpu_seconds,
        )

    def _begin(self) -> None:
        """Measure the start, then have the solver make its generator, on the clock."""
        task, self._begun = self._task, True
        # A solver that brings its own start never sees this one: it must not be judged
        # by it, nor be given credit for it.
        if task.promises.init == "given":
            self._evaluate()
        if self.outcome is not None:
            return
        self._clock.resume()
        try:
            self._iterator = task.solver.iterate(task.problem, self._init, self._rng)
        except (Exception, SystemExit) as error:
            self._clock.pause()
            self._fail(error, "before its first step")

    def _step(self) -> None:
        """Take one yield of the solver; measure it where that is due."""
        try:
            yielded = next(self._iterator)
        except StopIteration as end:
            self._clock.pause()
            self._end(Stop("solver", _sentence(end.value, self._task.name)))
            return
        except (Exception, SystemExit) as error:
            self._clock.pause()
            self._fail(error, f"in step {self.n_steps + 1}")
            return
        if not self._count(yielded):
            return
        limit = self._rule.limit(self.n_steps, self._clock)
        if limit is not None or self.n_steps >= self._due:
            self._clock.pause()
            self._evaluate(limit)
            if self.outcome is None:
                self._clock.resume()

    def _count(self, yielded: Factors | Step) -> bool:
        """Count the steps of a yield; return whether it is one the loop understands."""
        if isinstance(yielded, Factors):
            self.n_steps, self.passes = self.n_steps + 1, self.passes + 1.0
        elif not isinstance(yielded, Step):
            what = f"a {type(yielded).__name__}, not Factors or Step,"
            self._refuse(what, self.n_steps + 1)
            return False
        elif yielded.n_steps < 1:
            what = f"a Step with n_steps={yielded.n_steps}, which must be >= 1,"
            self._refuse(what, self.n_steps + 1)
            return False
        else:
            self.n_steps += yielded.n_steps
            passes = yielded.n_steps if yielded.passes is None else yielded.passes
            self.passes += passes
            self.n_reseeded += yielded.n_reseeded
        self._latest = yielded
        return True

    def _evaluate(self, limit: Stop | None = None, ended: Stop | None = None) -> None:
        """Measure the latest pair with the clock stopped; stop where something says so.

        `ended` is final; `limit` yields to a criterion that holds at the same step.
        """
        factors = self._fetch()
        if factors is None:
            return
        own = self._latest.objective if isinstance(self._latest, Step) else None
        evaluation = self._evaluations.add(
            factors, self.n_steps, self.passes, self._clock, own
        )
        if math.isnan(evaluation.objective):
            self._refuse("factors whose objective is NaN")
            return
        self._due = (
            self._due if self._due == math.inf else next_evaluation(self.n_steps)
        )
        seen = None if ended else self._rule.see(evaluation)
        stop = ended or seen or limit
        if stop is not None:
            self._conclude(stop)

    def _fetch(self) -> Factors | None:
        """Return the latest pair if it is sound; set the outcome if it is not."""
        factors = self._latest
        if isinstance(factors, Step):
            try:
                got = factors.factors
                factors = got() if callable(got) else got
            except (Exception, SystemExit) as error:
                self._fail(error, f"handing over the factors of step {self.n_steps}")
                return None
        if not isinstance(factors, Factors):
            self._refuse(f"a Step that holds a {type(factors).__name__}, not Factors,")
            return None
        fault = find_fault(
            factors,
            self._init.W.shape,
            self._init.H.shape,
            self._task.promises.nonnegative,
            self._task.problem.objective.unit,
        )
        if fault is not None:
            self._refuse(fault)
            return None
        return factors

    def _end(self, stop: Stop) -> None:
        """End at the latest pair, measuring it unless that is done."""
        if (
            self.n_steps > self._evaluations.last_step
            and self._latest is not self._init
        ):
            self._evaluate(ended=stop)
        elif self._evaluations.best is not None:
            self._conclude(stop)
        else:
            self.outcome = self._nothing_yielded()

    def _conclude(self, stop: Stop) -> None:
        best = self._evaluations.best
        if best is None or not math.isfinite(best.objective):
            self._refuse("only factors whose objective is infinite, the last")
        else:
            self.outcome = Outcome(status="ok", stop=stop.criterion, reason=stop.reason)

    def _nothing_yielded(self) -> Outcome:
        reason = f"solver {self._task.name} ended before it yielded any factors"
        return Outcome(status="error", stop=None, reason=reason)

    def _refuse(self, what: str, step: int | None = None) -> None:
        """End as invalid: the solver yielded something it must not."""
        step, best = self.n_steps if step is None else step, self._evaluations.best
        kept = (
            "no factors could be kept"
            if best is None
            else f"the best good factors (step {best.step}) are kept"
        )
        giver = f"solver {self._task.name} yielded" if step else "the start has"
        reason = f"{giver} {what} at step {step}; {kept}"
        self.outcome = Outcome(status="invalid", stop=None, reason=reason)

    def _fail(self, error: BaseException, where: str) -> None:
        """End as an error of the solver's, with its traceback."""
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        self.outcome = Outcome(
            status="oom" if isinstance(error, MemoryError) else "error",
            stop=None,
            reason=f"solver {self._task.name} failed {where}: {said}",
            traceback="".join(traceback.format_exception(error)),
        )

    def _close(self) -> None:
        """Let the solver release what it holds; what it raises then costs nothing."""
        close = getattr(self._iterator, "close", None)
        if close is None:
            return
        try:
            close()
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"solver {self._task.name} raised when it was closed: {said}",
                RuntimeWarning,
                stacklevel=2,
            )


def _sentence(returned: object, name: str) -> str:
    """Return a solver's own stop reason, or that it gave none."""
    if returned is None or not str(returned).strip():
        return f"solver {name} returned without a reason"
    return str(returned).strip()
