from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nmflab
from nmflab import sources
from nmflab.sources import source_hash

PACKAGE = {
    "__init__.py": "",
    "solver.py": """
        from tried.helper import floor
        from . import tools

        def step(X):
            return floor(X) + tools.shift
        """,
    "helper.py": """
        def floor(X):
            return X if X > 0 else 0
        """,
    "tools.py": "shift = 1",
    "other.py": "unrelated = 1",
}

Hash = Callable[..., str]


@pytest.fixture
def hash_of(tmp_path: Path) -> Iterator[Hash]:
    """Return a function that writes `PACKAGE`, some files changed, and hashes it."""
    written = 0

    def hashed(module: str = "tried.solver", **changed: str | None) -> str:
        nonlocal written
        written += 1
        root = tmp_path / str(written)
        (root / "tried").mkdir(parents=True)
        texts = {**PACKAGE, **{f"{name}.py": text for name, text in changed.items()}}
        for name, text in texts.items():
            if text is not None:
                lines = text.replace("\n        ", "\n").strip(" ")
                (root / "tried" / name).write_text(lines, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patched:
            patched.syspath_prepend(root)
            forget()
            return source_hash(module)

    yield hashed
    forget()


def forget() -> None:
    """Empty what is remembered for the life of a process."""
    importlib.invalidate_caches()
    for function in (source_hash, sources._parsed, sources._file):
        function.cache_clear()


def changed(name: str, before: str, after: str) -> str:
    """Return a file of the package with a piece of its text replaced."""
    assert before in PACKAGE[name]
    return PACKAGE[name].replace(before, after)


@pytest.mark.parametrize(
    "solver",
    [
        "# A comment.\n" + PACKAGE["solver.py"],
        '"""What it does."""\n' + PACKAGE["solver.py"],
        changed("solver.py", "def step(X):", 'def step(X):\n    """Step."""'),
        changed("solver.py", "def step(X):", "def step(X):  # why"),
        changed("solver.py", "floor(X) + tools", "floor( X )  + tools"),
        changed("solver.py", "def step", "\n\n\ndef step"),
        PACKAGE["solver.py"] + '\n"""What the line above is for."""\n',
    ],
    ids=[
        "comment",
        "module docstring",
        "docstring",
        "comment on a line",
        "layout",
        "blank lines",
        "docstring of an attribute",
    ],
)
def test_what_does_not_run_changes_nothing(hash_of: Hash, solver: str) -> None:
    """A better comment drops no result."""
    assert hash_of(solver=solver) == hash_of()


def test_a_changed_docstring_changes_nothing(hash_of: Hash) -> None:
    """The same where there was one before."""
    one, other = (
        changed("solver.py", "def step(X):", f'def step(X):\n    """{text}"""')
        for text in ("Step.", "Do a step, in more words.")
    )
    assert hash_of(solver=one) == hash_of(solver=other)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("solver", "tools.shift", "2 * tools.shift"),
        ("helper", "X > 0", "X > 1"),
        ("tools", "1", "2"),
    ],
)
def test_a_changed_line_of_what_is_imported_changes_the_hash(
    hash_of: Hash, name: str, before: str, after: str
) -> None:
    """The module itself, a helper by name, a module imported from the package."""
    assert hash_of(**{name: changed(f"{name}.py", before, after)}) != hash_of()


def test_a_string_that_is_used_is_no_docstring(hash_of: Hash) -> None:
    """Values count, whatever their type."""
    one, other = (f'kind = "{text}"\n' + PACKAGE["solver.py"] for text in "ab")
    assert hash_of(solver=one) != hash_of(solver=other)


def test_a_module_that_is_not_imported_changes_nothing(hash_of: Hash) -> None:
    """Another solver of the same package is another solver."""
    assert hash_of(other="unrelated = 2") == hash_of()


def test_what_a_helper_imports_is_followed(hash_of: Hash) -> None:
    """Imports are followed to their end, those inside functions too."""
    helper = changed(
        "helper.py", "def floor(X):", "def floor(X):\n    from tried import other"
    )
    with_import = hash_of(helper=helper)
    assert hash_of(helper=helper, other="unrelated = 2") != with_import


def test_modules_that_import_one_another_are_no_trap(hash_of: Hash) -> None:
    """Each is read once."""
    helper = "import tried.solver\n" + PACKAGE["helper.py"]
    assert hash_of(helper=helper) == hash_of(helper=helper)


def test_the_place_of_a_package_changes_nothing(hash_of: Hash) -> None:
    """Each call writes to a folder of its own."""
    assert hash_of() == hash_of()


def test_nothing_is_imported_to_be_hashed(hash_of: Hash) -> None:
    """A helper that needs a heavy or missing library is read, not run."""
    helper = "import no_such_library\nraise SystemExit\n" + PACKAGE["helper.py"]
    hash_of(helper=helper)
    assert not any(name.startswith("tried") for name in sys.modules)


def test_a_module_without_source_is_known_by_its_distribution() -> None:
    """A compiled plugin is as new as its version."""
    forget()
    said = source_hash("numpy.linalg._umath_linalg")
    assert said.startswith("numpy==")


def test_a_plugin_depends_on_the_numerics_it_imports() -> None:
    """`nmflab.numerics` is shared with plugins, so it is followed as well."""
    roots, within = ("nmflab_solvers._rescale",), ("nmflab_solvers", sources.SHARED)
    read = {file.name for file in sources._closure(roots, within, skip=frozenset())}
    assert {"_rescale.py", "objective.py"} <= read


def test_a_broken_cache_costs_nothing(
    hash_of: Hash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier process noted is read if it can be."""
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    before = hash_of()
    kept = list((tmp_path / "cache" / "sources").glob("*.json"))
    assert kept
    for file in kept:
        file.write_text("", encoding="utf-8")
    assert hash_of() == before


def test_a_cache_that_cannot_be_written_costs_time_only(
    hash_of: Hash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where its folder should be."""
    before = hash_of()
    (tmp_path / "cache").write_text("", encoding="utf-8")
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    assert hash_of() == before


@pytest.fixture(scope="module")
def core_hash_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that hashes a copy of nmflab with a line added to a file."""
    root = tmp_path_factory.mktemp("copied")
    source = Path(nmflab.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "conf")
    shutil.copytree(source, root / "nmflab", ignore=ignored)

    def hashed(file: str) -> str:
        changed = root / "nmflab" / file
        text = changed.read_text(encoding="utf-8")
        changed.write_text(text + "\nADDED = 1\n", encoding="utf-8")
        program = (
            f"import sys; sys.path.insert(0, {str(root)!r});"
            "from nmflab.sources import core_hash; print(core_hash())"
        )
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        changed.write_text(text, encoding="utf-8")
        return done.stdout.strip()

    return hashed


def test_the_core_is_the_loop_its_criteria_and_the_numerics(
    core_hash_of: Callable[[str], str],
) -> None:
    """Other files of nmflab change no result."""
    unchanged = core_hash_of("cli.py")
    assert core_hash_of("report/formats/page.py") == unchanged
    assert core_hash_of("run/measure.py") == unchanged
    core = ("loop/__init__.py", "loop/attempt.py", "stopping/__init__.py")
    for file in (*core, "numerics/objective.py"):
        assert core_hash_of(file) != unchanged, file


def test_every_module_that_a_run_loads_is_hashed_or_named_as_harmless() -> None:
    """A new module of the loop cannot be forgotten."""
    program = (
        "import json, sys, nmflab.run\n"
        "from nmflab import sources as s\n"
        "loaded = [m for m in sys.modules if m.partition('.')[0] == 'nmflab']\n"
        "core = s._closure(s.CORE_ROOTS, ('nmflab',), skip=s.NO_RESULT)\n"
        "print(json.dumps([m for m in loaded if s._file(m) not in core]))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    left_out = {
        name
        for name in json.loads(done.stdout)
        if not name.startswith(
            ("nmflab.registry", "nmflab.numerics", "nmflab.fetching.")
        )
    }
    own = {"nmflab.sources", "nmflab.caches"}  # what this test itself has loaded
    assert left_out == set(sources.NO_RESULT) - {"nmflab.registry"} | own
