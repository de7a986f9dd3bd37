"""One process's registry and Hydra over it: opened once, used by all commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from nmflab.config import conf_dir, extra_conf_dirs, register
from nmflab.registry import Registry, load


@cache
def registry() -> Registry:
    """Return everything installed, its schemas in Hydra's ConfigStore."""
    loaded = load()
    register(loaded)
    return loaded


def plugins() -> Registry:
    """Return everything installed; enough for what composes no configuration."""
    return registry() if registry.cache_info().currsize else load()


def extra_dirs() -> list[Path]:
    """Return the folders that join the search path; none outside nmflab's commands."""
    return extra_conf_dirs(registry()) if _open else []


_open: list[bool] = []


@contextmanager
def hydra() -> Iterator[Any]:
    """Open Hydra over nmflab's configuration; Hydra's own object, for one command."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    registry()
    GlobalHydra.instance().clear()
    _open.append(True)
    try:
        with initialize_config_dir(
            str(conf_dir()), job_name="nmflab", version_base="1.3"
        ):
            yield GlobalHydra.instance().hydra
    finally:
        _open.pop()


def open_search_path() -> None:
    """Load the registry and let Hydra's own commands see all folders, for good."""
    registry()
    _open.append(True)
