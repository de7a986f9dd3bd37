"""What code a result depends on: source hashes blind to comments and docstrings."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from nmflab.caches import cache_dir

CORE_ROOTS = ("nmflab.run",)
"""Where a run's own code begins; what these import of nmflab is included."""

NO_RESULT = frozenset(
    {
        "nmflab",
        "nmflab.registry",
        "nmflab.hookspecs",
        "nmflab.fetching",
        "nmflab.run.measure",
    }
)
"""Modules of nmflab that a run imports and that change no digit of its factors."""

SHARED = "nmflab.numerics"
"""What plugins share; followed from a plugin as its own package is."""


@cache
def core_hash() -> str:
    """Return the hash of nmflab's loop, numerics and all they import of nmflab."""
    return _hash_of(_closure(CORE_ROOTS, ("nmflab",), skip=NO_RESULT))


@cache
def source_hash(module: str) -> str:
    """Return the hash of a module and of what it imports of its package and `SHARED`.

    Comments, docstrings and layout change nothing. Where there is no source, the
    version of the distribution stands in.
    """
    top = module.partition(".")[0]
    files = _closure((module,), (top, SHARED), skip=frozenset())
    if files:
        return _hash_of(files)
    owners = importlib.metadata.packages_distributions().get(top, [])
    return " ".join(f"{o}=={importlib.metadata.version(o)}" for o in sorted(owners))


def _hash_of(files: Iterable[Path]) -> str:
    digest = blake2b(digest_size=16)
    # Sorted by what is hashed, not by path: the same wherever it is installed.
    for text in sorted(f"{file.name} {_parsed(file).digest}\n" for file in files):
        digest.update(text.encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Parsed:
    """What is kept of a source file: the hash of its parse, and what it imports."""

    digest: str
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]  # level, module, names


@cache
def _parsed(file: Path) -> _Parsed:
    """Parse a file, or take what an earlier process found in the same bytes."""
    content = file.read_bytes()
    kept = _cached(blake2b(content, digest_size=16).hexdigest())
    with contextlib.suppress(OSError, ValueError):  # absent, or cut short by a crash
        digest, imports = json.loads(kept.read_text(encoding="utf-8"))
        return _Parsed(digest, tuple((n, m, tuple(names)) for n, m, names in imports))
    tree = ast.parse(content)
    parsed = _Parsed(_digest(tree), tuple(_imported(tree)))
    _keep(kept, json.dumps([parsed.digest, parsed.imports]))
    return parsed


_RULES = 2
"""Raised when `_digest` or `_imported` change: what they found before is not used."""


def _cached(content: str) -> Path:
    # The parse differs between versions of Python.
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache_dir() / "sources" / f"{content}-{version}-{_RULES}.json"


def _keep(path: Path, text: str) -> None:
    """Write what may be lost: a cache that cannot be written costs time only."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)


def _digest(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # Strings that stand alone document what is above them: all are left out,
            # and a body of nothing else is a `pass`.
            body[:] = [one for one in body if not _is_docstring(one)] or [ast.Pass()]
    return blake2b(ast.dump(tree).encode(), digest_size=16).hexdigest()


def _imported(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(a.name for a in node.names)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _closure(
    roots: Iterable[str], within: tuple[str, ...], *, skip: frozenset[str]
) -> set[Path]:
    """Return the files of the modules reached by imports within some packages."""
    waiting, seen, files = list(roots), set(skip), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = _file(name)
        if file is not None:
            files.add(file)
            package = name.rpartition(".")[0]  # imported with the module, so part of it
            named = (package, *_imports(name, file))
            waiting.extend(n for n in named if _is_within(n, within))
    return files


def _is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == p or name.startswith(f"{p}.") for p in packages)


@cache
def _file(name: str) -> Path | None:
    module = sys.modules.get(name)
    origin = getattr(module, "__file__", None)
    if origin is None:
        spec = _spec(name)
        origin = spec.origin if spec is not None else None
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _spec(name: str) -> ModuleSpec | None:
    """Return where a module is found; imports nothing, unlike `find_spec` by itself.

    A module that a method imports may be heavy, or need what is not installed.
    """
    top, *rest = name.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        top = f"{top}.{part}"
        spec = PathFinder.find_spec(top, list(spec.submodule_search_locations))
    return spec


def _imports(name: str, file: Path) -> Iterator[str]:
    """Yield the full names of what a module imports."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for level, module, names in _parsed(file).imports:
        base = _absolute(module, level, package)
        # What is imported may itself be a module: `from nmflab import numerics`.
        yield from (base, *(f"{base}.{each}" for each in names))


def _absolute(module: str, level: int, package: str) -> str:
    if not level:
        return module
    parents = package.split(".")
    kept = ".".join(parents[: len(parents) - level + 1])
    return f"{kept}.{module}" if module else kept
