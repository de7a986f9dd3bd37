"""The study's log, and what of it is shown while a sweep runs."""

from __future__ import annotations

from pathlib import Path

from nmflab.kernels.choice import COMPILING
from nmflab.sweep.log import StudyLog


def test_a_line_holds_the_time_the_job_and_what_it_printed(tmp_path: Path) -> None:
    """One line each; what belongs to no job is marked so."""
    log = StudyLog(tmp_path / "log.txt")
    log("0123456789", "one\ntwo\n")
    log("", "nobody's")
    log.close()
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line[8:] for line in lines] == [
        " 01234567 one",
        " 01234567 two",
        " -        nobody's",
    ]


def test_compiling_is_shown_once_however_many_processes_compile(
    tmp_path: Path,
) -> None:
    """All of it is in the log; nothing else that is printed is shown."""
    shown: list[str] = []
    log = StudyLog(tmp_path / "log.txt")
    log("a", f"{COMPILING}\n")
    log.say = shown.append
    for key in ("b", "c"):
        log(key, f"something\n{COMPILING}\n")
    log.close()
    assert shown == [COMPILING]
    assert (tmp_path / "log.txt").read_text().count(COMPILING) == 3
