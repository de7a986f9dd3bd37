"""Text without what says whose machine it was written on: hosts, users, folders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

_SHORTEST = 3
"""Letters of a name that is looked for in running text; shorter ones are words."""

_COMMON = frozenset({"root", "user", "users", "home", "admin", "runner", "ubuntu"})
_COMMON_HOSTS = frozenset({"localhost", "local", "host", "main", "node", "server"})

_QUOTED = re.compile(
    r"""(?P<mark>["'])(?P<path>(?:/|~/|[A-Za-z]:[\\/])[^"'\n]*)(?P=mark)"""
)
_PATH = re.compile(
    r"(?P<before>^|[\s=,;:()\[\]{}|])"
    r"(?P<path>(?:~|/|[A-Za-z]:[\\/]|\\\\)[^\s,;()\[\]{}<>|\"']+)",
    re.MULTILINE,
)
_URL = re.compile(r"(https?://[^\s\"'<>]+)")
_OVERRIDE = re.compile(r"^(?P<key>[\w.+~/@]+=)(?P<values>.+)$")
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\b")
_PACKAGES = re.compile(r".*[\\/](?:site|dist)-packages[\\/](?P<rest>.+)$")
_PYTHON = re.compile(r".*[\\/]python3\.\d+[\\/](?P<rest>.+)$")


class Scrubber:
    """Takes out hosts, users, home folders and absolute paths.

    Of a path its last part is kept (``/home/ann/data/X.csv`` becomes ``X.csv``), of one
    inside an installed package what lies below it.

    Parameters
    ----------
    hosts, users : collection of str
        Names to be taken out; those of `kept` and those too short to be told from
        words are taken out of paths and addresses only.
    folders : iterable of Path
        Folders that are taken out wherever they stand, blanks in their names or not.
    kept : collection of str
        Words that must stay: names of plugins, axes and settings.
    """

    def __init__(
        self,
        *,
        hosts: Collection[str] = (),
        users: Collection[str] = (),
        folders: Iterable[Path] = (),
        kept: Collection[str] = (),
    ) -> None:
        self._hosts = {host: f"machine {n}" for n, host in enumerate(hosts, start=1)}
        words = {
            **dict.fromkeys(_telling(users, _COMMON, kept), "user"),
            **{
                name: instead
                for host, instead in self._hosts.items()
                for name in _telling((host, _short(host)), _COMMON_HOSTS, kept)
            },
        }
        self._words = words
        ordered = sorted(words, key=len, reverse=True)
        self._any = re.compile(
            rf"(?<![\w.-])(?:{'|'.join(map(re.escape, ordered))})(?![\w-])"
            if ordered
            else r"(?!)"
        )
        roots = {str(folder).rstrip("/\\") for folder in folders}
        self._roots = sorted((r for r in roots if len(r) > 1), key=len, reverse=True)
        self.text = lru_cache(maxsize=65536)(self._text)

    def host(self, name: str) -> str:
        """Return what a host is called instead: ``machine 1``."""
        return self._hosts.setdefault(name, f"machine {len(self._hosts) + 1}")

    def key(self, name: Any) -> Any:  # Any: YAML's keys may be numbers
        """Return the name of a field, which may quote a path but no host or user."""
        return self._without_paths(name) if isinstance(name, str) else name

    def tree(self, value: Any) -> Any:  # Any: of JSON or YAML
        """Return nested values with every text in them cleaned."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            return {self.key(name): self.tree(item) for name, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        if is_path(text):
            return last_part(text)
        override = _OVERRIDE.match(text)
        if override and any(map(is_path, override["values"].split(","))):
            values = map(self._text, override["values"].split(","))
            return override["key"] + ",".join(values)
        parts = _URL.split(text)  # addresses stand at the odd places
        parts[::2] = map(self._without_paths, parts[::2])
        cleaned = _MAIL.sub("user@host", "".join(parts))
        return self._any.sub(lambda found: self._words[found[0]], cleaned)

    def _without_paths(self, text: str) -> str:
        for root in self._roots:
            text = re.sub(rf"{re.escape(root)}(?=[\\/])", "", text)
            text = re.sub(rf"{re.escape(root)}(?![\w-])", "folder", text)
        text = _QUOTED.sub(
            lambda found: found["mark"] + last_part(found["path"]) + found["mark"], text
        )
        return _PATH.sub(_without_folders, text)


def _without_folders(found: re.Match[str]) -> str:
    path = found["path"]
    ending = re.search(r"[.:!?]*$", path)
    tail = ending[0] if ending else ""
    body = path[: len(path) - len(tail)]
    if len(re.sub(r"[^\w]", "", body)) == 0:  # a lone slash, an ellipsis
        return found[0]
    return found["before"] + last_part(body) + tail


def is_path(text: str) -> bool:
    """Return whether a text is one absolute path, blanks in it or not."""
    starts = text.startswith(("/", "~/", "\\\\")) or re.match(r"^[A-Za-z]:[\\/]", text)
    one = "\n" not in text and " /" not in text
    return bool(starts) and one and any(map(str.isalnum, text))


def last_part(path: str) -> str:
    """Return the last part of a path, or what lies below a folder of packages."""
    below = _PACKAGES.match(path) or _PYTHON.match(path)
    if below:
        return below["rest"].replace("\\", "/")
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    return kind(path).name or "folder"


def _telling(
    names: Iterable[str], common: Collection[str], kept: Collection[str]
) -> list[str]:
    return [
        name
        for name in dict.fromkeys(names)
        if len(name) >= _SHORTEST and name.lower() not in common and name not in kept
    ]


def _short(host: str) -> str:
    return host.partition(".")[0]
