"""Which kernels a process uses, and that numba waits until they are asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nmflab.kernels import choice, load
from nmflab.kernels.choice import COMPILING, VARIABLE


def said(code: str, **environment: str) -> tuple[str, str]:
    """Run code in a process of its own; return what it printed and what it warned."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize("value", ["", "numba"])
def test_numba_is_the_default(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset, empty or named."""
    monkeypatch.setenv(VARIABLE, value)
    assert choice.chosen() == "numba"
    monkeypatch.delenv(VARIABLE)
    assert choice.chosen() == "numba"


def test_the_environment_chooses_the_numpy_twin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was loaded before."""
    monkeypatch.setenv(VARIABLE, "numpy")
    assert load("gcd").__name__ == "nmflab.kernels.plain.gcd"


def test_another_choice_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable, the value, and what there is."""
    monkeypatch.setenv(VARIABLE, "cython")
    with pytest.raises(ValueError, match="NMFLAB_KERNELS='cython': choose numba"):
        load("gcd")


def test_numba_is_imported_by_the_first_load_only() -> None:
    """It costs a fifth of a second, which a command that steps nothing must not pay."""
    code = (
        "import sys; from nmflab.kernels import load; print('numba' in sys.modules);"
        " load('gcd'); print('numba' in sys.modules)"
    )
    assert said(code, **{VARIABLE: "numba"})[0].split() == ["False", "True"]
    assert said(code, **{VARIABLE: "numpy"})[0].split() == ["False", "False"]


def test_compiling_is_said_once_in_a_process() -> None:
    """Numba tells of two compilations, which is quicker than to have it make two."""
    code = (
        "from nmflab.kernels import choice; from numba.core.event import broadcast,"
        " Event, EventStatus; choice._announce_compiling();"
        " choice._announce_compiling(); began = EventStatus.START;"
        " [broadcast(Event('numba:compile', began)) for _ in range(2)]"
    )
    assert said(code) == ("", COMPILING)


def test_what_is_compiled_already_is_loaded_in_silence(tmp_path) -> None:
    """The second process finds the first one's work."""
    module = tmp_path / "tiny.py"
    module.write_text(
        "import numba\n@numba.njit(cache=True)\ndef one_more(x):\n    return x + 1\n"
    )
    code = (
        "from nmflab.kernels import choice; choice._announce_compiling();"
        " import tiny; print(tiny.one_more(1))"
    )
    paths = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert said(code, **paths) == ("2", COMPILING)
    assert said(code, **paths) == ("2", "")
