"""How much private memory a process tree holds, cheaply enough to ask all the time."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import psutil

_MB = 2**20


def private_mb(pid: int) -> float:
    """Return the resident private memory of a process in units of 2**20 bytes.

    On Linux RssAnon + RssShmem + VmSwap: mapped files, such as the dataset all children
    share, stand outside. Elsewhere the resident set size. 0 if the process is gone.
    """
    try:
        if sys.platform == "linux":
            return _linux_private_mb(pid)
        return float(psutil.Process(pid).memory_info().rss) / _MB
    except (psutil.Error, OSError):
        return 0.0


def _linux_private_mb(pid: int) -> float:
    kilobytes = 0
    for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
        if line.startswith((b"RssAnon:", b"RssShmem:", b"VmSwap:")):
            kilobytes += int(line.split()[1])
    return kilobytes / 1024


def descendants(pids: Collection[int]) -> dict[int, list[int]]:
    """Return, for each process, all processes it started, directly or not.

    Looks at every process of the system once, however many are asked for.
    """
    children = defaultdict(list)
    for process in psutil.process_iter():
        try:
            children[process.ppid()].append(process.pid)
        except psutil.Error:
            continue
    found: dict[int, list[int]] = {}
    for pid in pids:
        tree = list(children[pid])
        for at in tree:  # grows while it is walked
            tree.extend(children[at])
        found[pid] = tree
    return found


class TreeMemory:
    """Watches the memory of several process trees.

    Who started whom is looked up once a second, since that costs 20 µs for each process
    of the system; the memory of those known is read at every call.
    """

    refresh_s = 1.0

    def __init__(self) -> None:
        self._trees: dict[int, list[int]] = {}
        self._looked_up = float("-inf")

    def sample(self, pids: Collection[int], now: float) -> dict[int, float]:
        """Return each tree's private memory in units of 2**20 bytes at time `now`."""
        if now - self._looked_up >= self.refresh_s:
            self._trees, self._looked_up = descendants(pids), now
        return {
            pid: sum(private_mb(each) for each in (pid, *self._trees.get(pid, ())))
            for pid in pids
        }
