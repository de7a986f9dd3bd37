"""The records a plugin declares: what it provides, can be given, and promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from nmflab.contracts.data import Matrix
from nmflab.contracts.origin import Origin
from nmflab.contracts.problem import LOSSES

Limit: TypeAlias = Literal["none", "min_shape"]


@dataclass(frozen=True, kw_only=True)
class Takes:
    """What a solver or a start can be given; the rest is skipped with a reason.

    Parameters
    ----------
    losses : frozenset of {"frobenius", "kullback_leibler", "itakura_saito", "beta"}
    penalties : frozenset of {"l1", "l2", "l2_per_count", "unit"}
        "unit": one factor's components held at length 1 (`Objective.unit`).
    sparse, dense : bool
        Storage of X.
    missing : bool
        Whether unobserved cells are honoured (``Problem.observed``).
    complete : bool
        Whether problems without unobserved cells are taken; False for a solver that
        only makes sense on masked data.
    signed : bool
        Whether X may hold negative values.
    """

    losses: frozenset[str] = frozenset({"frobenius"})
    penalties: frozenset[str] = frozenset()
    sparse: bool = True
    dense: bool = True
    missing: bool = False
    complete: bool = True
    signed: bool = False


@dataclass(frozen=True, kw_only=True)
class Promises:
    """What a solver guarantees; the post-checks and the contract tests hold it to this.

    Parameters
    ----------
    nonnegative : frozenset of {"W", "H"}
        Factors without negative entries.
    monotone : bool or callable
        Whether the shared objective never rises from one step to the next; a callable
        gets the configured solver.
    random : bool or callable
        Whether `rng` is used; a callable gets the configured solver.
    unit_free : bool or callable
        Whether X in another unit gives the same factors in another unit. False where
        priors or constants are absolute; a callable gets the configured solver.
    init : {"given", "own"}
        "own": the start it is handed is ignored, so the init axis collapses.
    minimises : {"shared", "own"}
        "own": yields `Step.objective`, stops on that, and is shown with a mark.
    """

    nonnegative: frozenset[str] = frozenset({"W", "H"})
    monotone: bool | Callable[[Any], bool] = False
    random: bool | Callable[[Any], bool] = False
    unit_free: bool | Callable[[Any], bool] = True
    init: Literal["given", "own"] = "given"
    minimises: Literal["shared", "own"] = "shared"


def no_files(_dataset: Any) -> Iterable[Path]:
    """Return no path: the data are generated or stand in the code."""
    return ()


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """Declares a dataset.

    Parameters
    ----------
    name : str
        snake_case, as in ``dataset=name``.
    dataset : type
        A frozen, keyword-only dataclass with ``load``; its fields are the parameters.
    files : callable
        The files a configured dataset reads; a change of size or time reloads them.
    origin : Origin or callable, optional
        Where published data come from; a callable gets the configured dataset. Its
        files are fetched before `load` is called, its licence, citation and page stand
        among the extras of what was loaded.
    requires : tuple of str
        Requirements beyond nmflab's own, as in ``("pyarrow>=15",)``; their versions
        enter the key of each run.
    examples : tuple
        Configured datasets the contract tests run on; small and offline.
    """

    name: str
    dataset: type[Any]
    files: Callable[[Any], Iterable[Path]] = no_files
    origin: Origin | Callable[[Any], Origin] | None = None
    requires: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()

    def origin_of(self, dataset: Any) -> Origin | None:
        """Return where a configured dataset comes from; None for what is generated."""
        return self.origin(dataset) if callable(self.origin) else self.origin


@dataclass(frozen=True, kw_only=True)
class InitSpec:
    """Declares an initialization.

    Parameters
    ----------
    name : str
    initialization : type
        A frozen, keyword-only dataclass with ``start``.
    takes : Takes or callable
        ``losses`` and ``penalties`` are not looked at. A callable gets the configured
        initialization.
    random : bool or callable
        Whether `rng` is used; a callable gets the configured initialization.
    limit : {"none", "min_shape"} or callable
        Largest n_components: any, or ``min(X.shape)`` (singular vectors); a callable
        gets the configured initialization.
    requires, examples
        As in `DatasetSpec`.
    """

    name: str
    initialization: type[Any]
    takes: Takes | Callable[[Any], Takes] = field(
        default_factory=lambda: Takes(losses=LOSSES, missing=True)
    )
    random: bool | Callable[[Any], bool] = True
    limit: Limit | Callable[[Any], Limit] = "none"
    requires: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()

    def takes_of(self, init: Any) -> Takes:
        """Return what a configured initialization takes."""
        return self.takes(init) if callable(self.takes) else self.takes

    def limit_of(self, init: Any) -> Limit:
        """Return the limit of a configured initialization."""
        return self.limit(init) if callable(self.limit) else self.limit

    def is_random(self, init: Any) -> bool:
        """Return whether a configured initialization uses its `rng`."""
        return self.random(init) if callable(self.random) else self.random


@dataclass(frozen=True, kw_only=True)
class SolverSpec:
    """Declares a solver.

    Parameters
    ----------
    name : str
    solver : type
        A frozen, keyword-only dataclass with ``iterate``.
    takes : Takes or callable
        A callable gets the configured solver.
    promises : Promises
    requires, examples
        As in `DatasetSpec`.
    """

    name: str
    solver: type[Any]
    takes: Takes | Callable[[Any], Takes] = field(default_factory=Takes)
    promises: Promises = field(default_factory=Promises)
    requires: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()

    def takes_of(self, solver: Any) -> Takes:
        """Return what a configured solver takes."""
        return self.takes(solver) if callable(self.takes) else self.takes

    def is_random(self, solver: Any) -> bool:
        """Return whether a configured solver uses its `rng`."""
        random = self.promises.random
        return random(solver) if callable(random) else random

    def is_unit_free(self, solver: Any) -> bool:
        """Return whether a configured solver is indifferent to the unit of X."""
        unit_free = self.promises.unit_free
        return unit_free(solver) if callable(unit_free) else unit_free

    def is_monotone(self, solver: Any) -> bool:
        """Return whether a configured solver promises descent at each step."""
        monotone = self.promises.monotone
        return monotone(solver) if callable(monotone) else monotone


@dataclass(frozen=True, kw_only=True)
class MetricSpec:
    """Declares a metric.

    Parameters
    ----------
    name : str
    metric : type
        A frozen, keyword-only dataclass with ``compute``.
    scope : {"run", "seeds"}
    needs : frozenset of str
        Out of "heldout", "tokens", "labels", "truth", "metadata", "complete" (no
        unobserved cells), "nonnegative". Where one is absent the result is
        "not applicable: needs tokens".
    direction : {"lower", "higher", "none"}
        Which way is better.
    range : pair of float or None
        Smallest and largest possible value; None is unbounded.
    unit : str
        "dimensionless", "units of X", "units of X squared", "count".
    requires, examples
        As in `DatasetSpec`.
    """

    name: str
    metric: type[Any]
    scope: Literal["run", "seeds"] = "run"
    needs: frozenset[str] = frozenset()
    direction: Literal["lower", "higher", "none"] = "lower"
    range: tuple[float | None, float | None] = (None, None)
    unit: str = "dimensionless"
    requires: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReportSection:
    """A section a plugin adds to the report.

    Parameters
    ----------
    name : str
        Its place in the page's address, snake_case.
    title : str
        Its heading.
    render : callable
        Takes the study's store (`nmflab.store.Store`, read-only) and returns HTML; the
        text in it must be escaped. An empty string leaves the section out.
    """

    name: str
    title: str
    render: Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class FeatureDrawing:
    """How the report draws the components of a dataset: its features as they are seen.

    Needed only where no word of `nmflab.contracts.EXTRAS` tells how: images, maps,
    spectra and courses are drawn without.

    Parameters
    ----------
    dataset : str
        Name of the dataset, one's own or another plugin's.
    draw : callable
        Takes the weights of one component over the features, ndarray of shape
        (n_features,) on any scale, and the features' names, and returns a picture: SVG
        with ``width``, ``height`` and ``viewBox``, without scripts and without
        references to anything outside of it. ``currentColor`` is the page's ink.
    """

    dataset: str
    draw: Callable[[Matrix, Sequence[str]], str]

    @property
    def name(self) -> str:
        """What it is called among the parts of a report; one for each dataset."""
        return f"drawing_of_{self.dataset}"


ReportPart: TypeAlias = ReportSection | FeatureDrawing
"""What `nmflab_report_sections` may yield."""

Spec: TypeAlias = DatasetSpec | InitSpec | SolverSpec | MetricSpec
