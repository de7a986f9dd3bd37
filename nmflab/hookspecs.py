"""The hooks a plugin may implement: one per kind of plugin, and three others.

A plugin is a module (or a package) named under the entry-point group ``nmflab``. It
says which contract it was written for and implements any of these hooks:

    from nmflab.contracts import SolverSpec
    from nmflab.hookspecs import hookimpl

    NMFLAB_CONTRACT = 1

    @hookimpl
    def nmflab_solvers():
        yield SolverSpec(name="mine", solver=Mine)

and in its ``pyproject.toml``:

    [project.entry-points.nmflab]
    mine = "my_package.mine"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pluggy

from nmflab.contracts import (
    DatasetSpec,
    InitSpec,
    MetricSpec,
    ReportPart,
    SolverSpec,
)

hookspec = pluggy.HookspecMarker("nmflab")
hookimpl = pluggy.HookimplMarker("nmflab")


@hookspec
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the datasets a plugin provides; called once, at start-up.

    Declare here, compute nothing. A name already taken is an error naming both owners.
    """
    return ()


@hookspec
def nmflab_initializations() -> Iterable[InitSpec]:
    """Declare the starting points a plugin provides; called once, at start-up."""
    return ()


@hookspec
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Declare the solvers a plugin provides; called once, at start-up."""
    return ()


@hookspec
def nmflab_metrics() -> Iterable[MetricSpec]:
    """Declare the metrics a plugin provides; called once, at start-up."""
    return ()


@hookspec
def nmflab_report_sections() -> Iterable[ReportPart]:
    """Declare what the report shows beyond nmflab's own.

    A `ReportSection` stands before the warnings; a `FeatureDrawing` draws the
    components of a dataset wherever the report shows them.
    """
    return ()


@hookspec
def nmflab_config_dirs() -> Iterable[Path]:
    """Name folders of YAML files that join Hydra's search path, after nmflab's own.

    A folder holds ``experiment/*.yaml``, ``solver/*.yaml`` and so on. Folders are
    handed to Hydra as ``file://`` and must exist on disk.
    """
    return ()


@hookspec
def nmflab_run_end(study: Path, row: Mapping[str, Any]) -> None:
    """Be told of a finished run, in the coordinator, after its row was stored.

    Parameters
    ----------
    study : Path
        The study's folder.
    row : mapping
        The run's row, plain JSON values: key, status, reason, axes, objective, seconds.

    Notes
    -----
    An exception is reported once and loses nothing; a slow hook slows the sweep.
    """
