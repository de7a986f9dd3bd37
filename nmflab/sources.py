"""What code a result depends on: source hashes blind to comments and docstrings."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

CORE_ROOTS = ("nmflab.run",)
"""Where a run's own code begins; what these import of nmflab is included."""

NO_RESULT = frozenset(
    {
        "nmflab",
        "nmflab.registry",
        "nmflab.plugin_loading",
        "nmflab.plugin_checks",
        "nmflab.hookspecs",
        "nmflab.wire",
        "nmflab.metric_runs",
    }
)
"""Modules of nmflab that a run imports and that change no digit of its factors."""


@cache
def core_hash() -> str:
    """Return the hash of nmflab's loop, numerics and all they import of nmflab."""
    return _hash_of(_closure(CORE_ROOTS, skip=NO_RESULT))


@cache
def source_hash(module: str) -> str:
    """Return the hash of a module and of what it imports within its package.

    Comments, docstrings and layout change nothing. Where there is no source, the
    version of the distribution stands in.
    """
    files = _closure((module,), skip=frozenset())
    if files:
        return _hash_of(files)
    top = module.partition(".")[0]
    owners = importlib.metadata.packages_distributions().get(top, [])
    return " ".join(f"{o}=={importlib.metadata.version(o)}" for o in sorted(owners))


def _hash_of(files: Iterable[Path]) -> str:
    digest = blake2b(digest_size=16)
    for file in sorted(files):
        digest.update(_normalised(file).encode())
    return digest.hexdigest()


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


@cache
def _normalised(file: Path) -> str:
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            body[0] = ast.Pass()
    return f"{file.name}\n{ast.dump(tree)}"


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _closure(roots: Iterable[str], *, skip: frozenset[str]) -> set[Path]:
    """Return the files of modules reachable by imports within the roots' packages."""
    waiting, seen, files = list(roots), set(skip), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = _file(name)
        if file is not None:
            files.add(file)
            waiting.extend(_imports(name, file))
    return files


@cache
def _file(name: str) -> Path | None:
    module = sys.modules.get(name)
    origin = getattr(module, "__file__", None)
    if origin is None:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        origin = spec.origin if spec is not None else None
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _imports(name: str, file: Path) -> Iterator[str]:
    top = name.partition(".")[0]
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = _from(node, package)
        else:
            continue
        yield from (n for n in named if n.partition(".")[0] == top)


def _from(node: ast.ImportFrom, package: str) -> list[str]:
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        kept = ".".join(parents[: len(parents) - node.level + 1])
        base = f"{kept}.{base}" if base else kept
    # What is imported may itself be a module: `from nmflab import numerics`.
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]
