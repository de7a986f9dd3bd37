"""A child whose jobs misbehave as told: what the executor's tests start.

A job's "do" names a fault below; the handlers stand in for `nmflab.run`.
"""

import ctypes
import os
import subprocess
import sys
import time

import numpy as np

from nmflab.child import Duties, start


def fit(job, send):
    """Report a fit, as a good run does."""
    arrays = {"W": np.full((3, 2), 0.5), "trace": np.zeros((0, 8))}
    record = {"status": job.get("status", "ok"), "reason": "done"}
    send({"type": "fit", "key": job["key"]} | record, arrays)


def measure(job, send):
    """Report a metric."""
    values = {} if job.get("over_seeds") else {"m": 1.0}
    record = {"values": values, "problems": {}, "seconds": 0.0}
    send({"type": "metrics", "key": job["key"]} | record)


def fail(error):
    """Raise what is given."""
    raise error


def segfault():
    """Read from address 0."""
    ctypes.string_at(0)


def sleep_forever():
    """Never come back."""
    while True:
        time.sleep(60)


def hold_the_interpreter_lock():
    """Sleep in C without letting any other thread run."""
    ctypes.PyDLL(None).sleep(600)


def allocate_at_once():
    """Ask for 8 TB."""
    np.ones(10**12)


def allocate_and_stay():
    """Fill 350 MB, little enough that one request is granted, and never come back."""
    held = np.ones(350 * 2**17)
    sleep_forever()
    return held


def leave_grandchild_on_pipes():
    """Leave a forked process behind that holds every descriptor, and die."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os._exit(3)


def leave_stranger_on_pipes():
    """As above, but in a session of its own; it goes by itself, in time."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(8)
        os._exit(0)
    os._exit(3)


KEPT = []


def leak():
    """Keep 150 MB for good, as a plugin with a careless cache does."""
    KEPT.append(np.ones(150 * 2**17))


def start_program_and_sleep():
    """Start another program, say its pid on stderr, and never come back."""
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"grandchild={program.pid}", flush=True)
    sleep_forever()


def print_garbage():
    """Write to every stdout there is, and read stdin."""
    print("garbage " * 1000)
    os.write(1, b"\x00\xff nmf1 raw garbage\n")
    sys.__stdout__.buffer.write(b"more\n")
    if sys.stdin.read() != "":
        raise ValueError("stdin was not empty")


def write_to_every_pipe():
    """Write bytes that are no frame to each descriptor that takes them."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"x" * 64)
        except OSError:
            continue
    sleep_forever()


def fork_and_return():
    """Fork, and let both processes go on."""
    os.fork()


class UnprintableError(Exception):
    """An exception whose text cannot be had."""

    def __str__(self):
        """Fail."""
        raise RuntimeError("no text")


def recurse():
    """Recurse without end."""
    return recurse()


FAULTS = {
    "nothing": lambda: None,
    "raise": lambda: fail(ValueError("a fault\nof two lines")),
    "unprintable": lambda: fail(UnprintableError()),
    "sys_exit": lambda: sys.exit(0),
    "interrupt": lambda: fail(KeyboardInterrupt()),
    "recursion": recurse,
    "os_exit": lambda: os._exit(5),
    "segfault": segfault,
    "sleep": sleep_forever,
    "hold_lock": hold_the_interpreter_lock,
    "allocate_at_once": allocate_at_once,
    "allocate_and_stay": allocate_and_stay,
    "grandchild": leave_grandchild_on_pipes,
    "stranger": leave_stranger_on_pipes,
    "leak": leak,
    "flood": lambda: print("flood\n" * 500_000),
    "program": start_program_and_sleep,
    "print": print_garbage,
    "scribble": write_to_every_pipe,
    "fork": fork_and_return,
    "say_and_exit": lambda: (print("famous last words", file=sys.stderr), os._exit(5)),
}


def run(job, _plugins, send, _arrays):
    """Do the fault before the fit, or where the job says so during its metrics."""
    FAULTS[job.get("do", "nothing")]()
    if job.get("silent"):
        return
    fit(job, send)
    if job.get("metrics"):
        FAULTS[job.get("do_in_metrics", "nothing")]()
        measure(job, send)


def echo(job, _plugins, send, arrays):
    """Report what is seen of the environment, or the array given."""
    facts = {
        "pid": os.getpid(),
        "path": sys.path,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "names": sorted(arrays),
        "sum": float(sum(array.sum() for array in arrays.values())),
    }
    FAULTS[job.get("do", "nothing")]()
    send({"type": "materialised", "facts": facts})


def metrics(job, _plugins, send, _arrays):
    """Measure, after a fault."""
    FAULTS[job.get("do_in_metrics", "nothing")]()
    measure(job, send)


def prepare(job):
    """Stand in for loading plugins; may misbehave too."""
    FAULTS[job.get("do_in_prepare", "nothing")]()


if __name__ == "__main__":
    handlers = {"run": run, "materialise": echo, "metrics": metrics}
    start(lambda: Duties(prepare=prepare, handlers=handlers))
