"""What a record must say of where it was made: versions, machine, threads, git."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any


def provenance(threads: int) -> dict[str, Any]:
    """Return versions of everything installed, CPU, BLAS, threads and git state."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "blas": blas(),
        "threads": threads,
        "git": git_state(),
        "versions": versions(),
    }


@cache
def versions() -> dict[str, str]:
    """Return the version of each installed distribution, by name."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def version_of(distribution: str) -> str:
    """Return an installed version, or "absent"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def cpu() -> str:
    """Return the processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def blas() -> list[dict[str, Any]]:
    """Return the linear-algebra libraries loaded: name, version, architecture."""
    import numpy  # noqa: F401  (its BLAS must be loaded to be seen)
    from threadpoolctl import threadpool_info

    kept = ("internal_api", "version", "architecture", "threading_layer")
    # Others register there too, scipy.io's Matrix Market reader with no plain version.
    found = (lib for lib in threadpool_info() if lib.get("user_api") == "blas")
    return [{key: lib.get(key) for key in kept} for lib in found]


def git_state() -> dict[str, Any] | None:
    """Return commit and dirty flag of the working folder's repository, if it is one."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_git("status", "--porcelain"))}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
