"""A plugin installed from outside the repository, and used from the command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from nmflab.store import Store

SOURCE = Path(__file__).parent / "external_plugin"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None,
    reason="building a package offline needs hatchling: pip install 'nmflab[test]'",
)


def finished(command: list[str], folder: Path) -> str:
    """Run a command to its end and return what it printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    answer = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the Python of a fresh environment in which the plugin is installed.

    The environment sees the packages of the running one, and nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    project, home = folder / "damped", folder / "venv"
    shutil.copytree(SOURCE, project)
    with_pip = importlib.util.find_spec("pip") is None
    venv.create(home, with_pip=with_pip, symlinks=os.name != "nt")
    places = {"base": str(home), "platbase": str(home)}
    scheme = sysconfig.get_preferred_scheme("prefix")
    scheme = "venv" if "venv" in sysconfig.get_scheme_names() else scheme
    inner = sysconfig.get_path("purelib", scheme, vars=places)
    outer = sysconfig.get_path("purelib")
    line = f"import site; site.addsitedir({outer!r})\n"  # runs .pth files there, too
    (Path(inner) / "outer.pth").write_text(line, encoding="utf-8")
    executable = str(
        Path(sysconfig.get_path("scripts", scheme, vars=places)) / "python"
    )
    pip = [executable, "-m", "pip", "install", "--no-index", "--no-build-isolation"]
    finished([*pip, "--no-deps", "--quiet", str(project)], folder)
    shutil.rmtree(project)  # what is used from here on is what was installed
    return executable


def test_it_is_listed_with_its_distribution(python: str, tmp_path: Path) -> None:
    """``nmflab list`` shows it beside nmflab's own."""
    lines = finished([python, "-m", "nmflab", "list", "solvers"], tmp_path)
    (line,) = [line for line in lines.splitlines() if " damped " in line]
    assert "nmflab-damped 0.3  Damped updates ``H" in line
    assert "not usable" not in lines


def test_its_parameters_are_shown(python: str, tmp_path: Path) -> None:
    """``nmflab show`` reads its docstring."""
    text = finished([python, "-m", "nmflab", "show", "solver", "damped"], tmp_path)
    assert "solver.damping: float = 0.5\n      Share d of the multiplicative" in text


def test_it_runs_by_name_with_its_parameters(python: str, tmp_path: Path) -> None:
    """``solver=damped solver.damping=...`` sweeps it, typed like nmflab's own.

    The study holds its rows, its section is in the report, and it heard of the end.
    """
    command = [python, "-m", "nmflab", "dataset=grocery_baskets", "n_components=2"]
    command += ["solver=damped", "solver.damping=0.5,1.0", "study=tried"]
    finished([*command, "stop.max_steps=20", "executor.n_jobs=1"], tmp_path)
    study = tmp_path / "studies" / "tried"
    runs = Store.open(study).runs()
    assert sorted(runs["solver"]) == ["damped", "damped(damping=1.0)"]
    assert set(runs["status"]) == {"ok"}
    assert (study / "last_run.txt").read_text(encoding="utf-8") in set(runs["key"])
    page = (study / "report" / "index.html").read_text(encoding="utf-8")
    assert "Damped solvers: damped, damped(damping=1.0)." in page


def test_its_experiment_is_found(python: str, tmp_path: Path) -> None:
    """A folder named by ``nmflab_config_dirs`` joins the search path."""
    command = [python, "-m", "nmflab", "experiment=damping", "stop.max_steps=20"]
    finished([*command, "report=false", "executor.n_jobs=1"], tmp_path)
    runs = Store.open(tmp_path / "studies" / "damping").runs()
    assert sorted(runs["solver"]) == ["damped", "damped(damping=1.0)"]


def test_the_contract_tests_run_on_it(python: str, tmp_path: Path) -> None:
    """Its author holds it to the contracts in the environment it is installed in."""
    command = [python, "-m", "pytest", "--pyargs", "nmflab.testing", "-k", "damped"]
    text = finished([*command, "-q", "-p", "no:cacheprovider"], tmp_path)
    assert " passed" in text
