"""The command and the environment a child process starts with."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from nmflab.confinement import THREADS
from nmflab.executors.seam import ExecutorError

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def child_command() -> list[str]:
    """Return what starts a child; ``-P`` keeps the working folder off its path.

    Without it a file ``numpy.py`` in the user's folder would be imported as NumPy.
    """
    return [python_executable(), "-P", "-m", "nmflab.child"]


def python_executable() -> str:
    """Return the interpreter to run children with.

    `sys.executable` is empty, or is the host program, where Python is embedded in one.

    Raises
    ------
    ExecutorError
        If no interpreter is found.
    """
    if sys.executable and "python" in Path(sys.executable).name.lower():
        return sys.executable
    prefix = Path(sys.exec_prefix)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (
        prefix / "bin" / name,
        prefix / "bin" / "python3",
        prefix / "python.exe",
        prefix / "Scripts" / "python.exe",
    ):
        if candidate.is_file():
            return str(candidate)
    if found := sys.executable or shutil.which(name):
        return found
    raise ExecutorError(
        "no Python interpreter to run child processes with: sys.executable is empty,"
        f" and there is none under {prefix}. Use executor.name=serial to run in this"
        " process."
    )


def child_environment(
    threads: int | None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of a child that is to use so many threads.

    Thread pools read theirs when their library is imported, so it must stand there
    first. An empty entry of PYTHONPATH would bring the working folder back.
    """
    child = dict(environment)
    if threads is not None:
        child |= dict.fromkeys((*_THREAD_VARIABLES, THREADS), str(threads))
    if "PYTHONPATH" in child:
        folders = child["PYTHONPATH"].split(os.pathsep)
        child["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    # The order of a set of text depends on it: one seed, one result, in every child.
    child.setdefault("PYTHONHASHSEED", "0")
    return child
