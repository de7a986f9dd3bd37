"""A solver that does nothing: what is left is the framework."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, Problem, Promises, SolverSpec, Takes
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Noop:
    """Yields the start once and stops."""

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors, None, str]:
        """Yield `init`."""
        yield init
        return "nothing to do"


@hookimpl
def nmflab_solvers():
    """Declare `noop`."""
    yield SolverSpec(
        name="noop", solver=Noop, takes=Takes(missing=True), promises=Promises()
    )
