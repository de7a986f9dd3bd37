"""A hook is documented, tested and used by a plugin, or it does not exist."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from nmflab import hookspecs

ROOT = Path(__file__).parent.parent
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("nmflab_"))

# An example is a real plugin too: the suite installs it and runs a study with it.
PLUGINS = (ROOT / "plugins", ROOT / "tests" / "external_plugin")

each_hook = pytest.mark.parametrize("hook", HOOKS)


def implementations(folder: Path) -> set[str]:
    """Return the names of the functions that are marked as hooks in a folder."""
    return {
        node.name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        if "hookimpl" in map(ast.unparse, node.decorator_list)
    }


def test_there_are_hooks() -> None:
    """The other tests are about something: one hook a kind, and three more."""
    assert len(HOOKS) == 7


@each_hook
def test_a_hook_has_a_docstring(hook: str) -> None:
    """What a hook is for, and when it is called, stands beside it."""
    assert inspect.getdoc(getattr(hookspecs, hook))


@each_hook
def test_a_hook_stands_in_the_documentation(hook: str) -> None:
    """Plugin authors read docs/hooks.md."""
    assert f"`{hook}(" in (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")


@each_hook
def test_a_hook_is_tested(hook: str) -> None:
    """Some test of the registry implements it."""
    tests = [*(ROOT / "tests" / "registry").rglob("*.py")]
    tests.append(ROOT / "nmflab" / "testing" / "creator.py")  # what those tests write
    assert any(f"def {hook}(" in path.read_text(encoding="utf-8") for path in tests)


@each_hook
def test_a_hook_is_used_by_a_plugin(hook: str) -> None:
    """A hook without a user is a guess."""
    assert any(hook in implementations(folder) for folder in PLUGINS)


def test_no_plugin_implements_a_hook_that_does_not_exist() -> None:
    """What is marked as a hook is one."""
    assert {name for folder in PLUGINS for name in implementations(folder)} <= set(
        HOOKS
    )
