"""The arrows of docs/architecture.md: which part of nmflab may import which."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import nmflab

ROOT = Path(__file__).parent.parent
CORE = ROOT / "nmflab"
PLUGINS = ROOT / "plugins"
CONFIGURATION = {"hydra", "omegaconf", "nmflab.config"}

# What a plugin may import beyond the three, and why.
EXCEPTIONS = {
    # Opens what the session itself materialised: the two must agree on the format.
    "nmflab_datasets/array.py": {"nmflab.materialise"},
}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that runs: what only type checkers read is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for one in child.orelse:
                yield one
                yield from statements(one)
            continue
        yield child
        yield from statements(child)


def imported(path: Path) -> set[str]:
    """Return the full names a file imports, wherever in the file."""
    found: set[str] = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports out in full"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module == "nmflab" else {str(node.module)}
    return found


def part(name: str) -> str:
    """Return the part a module belongs to: ``nmflab.store`` of ``nmflab.store.x``."""
    words = name.split(".")
    return ".".join(words[:2]) if words[0] == "nmflab" else words[0]


def parts() -> list[str]:
    """Return the parts of the core: its modules and packages."""
    return sorted(
        f"nmflab.{path.stem}"
        for path in CORE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
        if not path.stem.startswith("__")
    )


def files_of(name: str) -> list[Path]:
    """Return the files of a part of the core."""
    stem = name.removeprefix("nmflab.")
    return sorted((CORE / stem).rglob("*.py")) or [CORE / f"{stem}.py"]


@cache
def direct(name: str) -> frozenset[str]:
    """Return the parts, and the other packages, that a part imports itself."""
    found = {part(one) for path in files_of(name) for one in imported(path)}
    return frozenset(found - {name, "nmflab.__version__"})


@cache
def reached(name: str) -> frozenset[str]:
    """Return all that a part imports, through however many others."""
    found: set[str] = set()
    left = [name]
    while left:
        for one in direct(left.pop()) - found:
            found.add(one)
            if one.startswith("nmflab."):
                left.append(one)
    return frozenset(found)


def foreign(names: frozenset[str]) -> set[str]:
    """Return the packages among these that are neither nmflab's nor Python's."""
    return {
        name
        for name in names
        if not name.startswith("nmflab") and name not in sys.stdlib_module_names
    }


def core(names: frozenset[str]) -> set[str]:
    """Return the parts of nmflab among these."""
    return {name for name in names if name.startswith("nmflab")}


def rows() -> list[list[str]]:
    """Return the table of docs/architecture.md: the parts of each row, in order."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("| module | offers | imports |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [
        [f"nmflab.{stem}" for stem in re.findall(r"`(\w+)(?:\.py|/)`", cell)]
        for cell in cells
    ]


def test_every_part_of_the_table_exists() -> None:
    """The table speaks of what is there."""
    assert sorted({one for row in rows() for one in row} - set(parts())) == []


@pytest.mark.parametrize("name", parts())
def test_no_part_reaches_itself(name: str) -> None:
    """Imports run in no circle."""
    assert name not in reached(name)


@pytest.mark.parametrize("row", range(len(rows())))
def test_imports_point_upwards_in_the_table_only(row: int) -> None:
    """A part reaches parts of its own row and of rows above it, directly or not."""
    below = {name for later in rows()[row + 1 :] for name in later}
    for name in rows()[row]:
        assert sorted(reached(name) & below) == []


@pytest.mark.parametrize("name", ["loop", "run", "child", "executors", "wire"])
def test_a_run_never_meets_the_configuration(name: str) -> None:
    """A child gets plain values: Hydra is neither needed nor loaded there."""
    assert sorted(reached(f"nmflab.{name}") & CONFIGURATION) == []


def test_contracts_need_numpy_alone() -> None:
    """Whoever reads a contract pays for nothing else (SciPy is for type checkers)."""
    assert core(direct("nmflab.contracts")) == set()
    assert foreign(direct("nmflab.contracts")) == {"numpy"}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("hookspecs", "contracts"),
        ("numerics", "contracts"),
        ("registry", "contracts hookspecs"),
        ("store", "contracts"),
        ("materialise", "contracts"),
        ("fetching", "caches contracts"),
        ("splits", "contracts numerics weighting"),
        ("weighting", "contracts"),
        ("advice", "contracts numerics store"),
        ("statistics", ""),
        ("recommend", "contracts materialise numerics selection store"),
        (
            "report",
            "advice citing contracts materialise numerics recommend selection"
            " statistics store",
        ),
    ],
)
def test_a_part_reaches_no_more_than_its_arrows(name: str, allowed: str) -> None:
    """The parts that others build on stay small: they reach these and no other."""
    expected = {f"nmflab.{word}" for word in allowed.split()}
    assert core(reached(f"nmflab.{name}")) <= expected


def test_nothing_below_the_command_line_imports_it() -> None:
    """The command line and the Python interface stand on top."""
    top = {"nmflab.cli", "nmflab.api"}
    users = {name for name in parts() if reached(name) & top} - top
    assert sorted(users) == []


@pytest.mark.parametrize(
    "path",
    sorted(path for path in PLUGINS.rglob("*.py") if "hydra_plugins" not in path.parts),
    ids=lambda path: path.relative_to(PLUGINS).as_posix(),
)
def test_a_plugin_imports_the_shared_parts_only(path: Path) -> None:
    """A bundled plugin stands where a third party's stands."""
    allowed = {
        "nmflab.contracts",
        "nmflab.hookspecs",
        "nmflab.numerics",
        "nmflab.kernels",
        "nmflab.fetching",
    }
    allowed |= EXCEPTIONS.get(path.relative_to(PLUGINS).as_posix(), set())
    assert {part(one) for one in imported(path) if one.startswith("nmflab.")} <= allowed


@pytest.mark.parametrize("folder", [path.name for path in sorted(PLUGINS.glob("n*_*"))])
def test_a_plugin_package_imports_no_other(folder: str) -> None:
    """What two plugin packages share belongs into `nmflab.numerics`."""
    found = {
        part(one)
        for path in (PLUGINS / folder).rglob("*.py")
        for one in imported(path)
        if one.startswith("nmflab_")
    }
    assert found <= {folder}


def test_no_module_hides_a_public_function() -> None:
    """After ``import nmflab.fit`` the name ``nmflab.fit`` would be the module."""
    public = set(nmflab.__all__)
    assert public
    assert sorted(public & {name.removeprefix("nmflab.") for name in parts()}) == []


def test_only_the_store_speaks_sql() -> None:
    """Another part that needs the store's data asks the store for it."""
    users = [name for name in parts() if "sqlite3" in direct(name)]
    assert users == ["nmflab.store"]


@pytest.mark.parametrize("module", ["pickle", "cloudpickle", "dill", "joblib"])
def test_nothing_pickles(module: str) -> None:
    """No file and no pipe of nmflab can run code when it is read."""
    paths = [*CORE.rglob("*.py"), *PLUGINS.rglob("*.py")]
    assert [path for path in paths if module in map(part, imported(path))] == []
