"""Which implementation of the kernels a process uses, and the word about compiling."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

COMPILING = (
    "nmflab: compiling kernels with numba; once on this machine, and outside every"
    " run's clock"
)
"""Said on stderr, once in a process; a sweep shows it once for all its processes."""

VARIABLE = "NMFLAB_KERNELS"
"""Environment variable that chooses: "numba" (the default) or "numpy"."""


def chosen() -> str:
    """Return "numba" or "numpy", as the environment says.

    Raises
    ------
    ValueError
        If the variable holds anything else.
    """
    name = os.environ.get(VARIABLE, "") or "numba"
    if name not in ("numba", "numpy"):
        raise ValueError(
            f"{VARIABLE}={name!r}: choose numba (compiled, the default) or numpy (the"
            " same formulas without compiling, slow), or unset it"
        )
    return name


def load(family: str) -> ModuleType:
    """Return the module with the kernels of one family of algorithms.

    Parameters
    ----------
    family : str
        A module of `nmflab.kernels.plain`, such as "hals".

    Raises
    ------
    ValueError
        If ``NMFLAB_KERNELS`` holds what it cannot.
    """
    if chosen() == "numpy":
        return import_module(f"nmflab.kernels.plain.{family}")
    _announce_compiling()
    return import_module(f"nmflab.kernels.compiled.{family}")


def n_threads() -> int:
    """Return how many threads a kernel may use: what ``limits.threads`` has set.

    A run's child has it in its environment; without it, one.
    """
    said = os.environ.get("NUMBA_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) > 0 else 1


@cache
def _announce_compiling() -> None:
    """Say once in a process that a kernel is being compiled; a cached one is silent."""
    from numba.core.event import Listener, register

    class Announcer(Listener):
        said = False

        def on_start(self, event: Any) -> None:
            if not self.said:
                self.said = True
                # One write: a parent that reads a pipe gets the line as a whole.
                print(f"{COMPILING}\n", end="", file=sys.stderr, flush=True)

        def on_end(self, event: Any) -> None:
            """Nothing to say: the next thing heard is the result."""

    register("numba:compile", Announcer())  # type: ignore[no-untyped-call]
