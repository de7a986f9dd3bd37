"""The same from Python: a study, and a single fit."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from nmflab.contracts import Factors, Matrix

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from nmflab.reproducing.again import Reproduction
    from nmflab.reproducing.comparing import Comparison
    from nmflab.sharing import Exported
    from nmflab.store import Store
    from nmflab.sweep.outcome import Outcome


@dataclass(frozen=True)
class Study:
    """A finished sweep: its runs, traces and factors as they stand in its folder.

    Parameters
    ----------
    folder : Path
        Where it lies; `Study(Path("studies/movie_ratings"))` opens an older one.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Take a folder given as text, too, as a notebook has it."""
        object.__setattr__(self, "folder", Path(self.folder))

    def _open(self) -> Store:
        from nmflab.store import Store

        return Store.open(self.folder)

    @property
    def runs(self) -> pd.DataFrame:
        """One row a planned run of the last sweep: labels, status, results, metrics."""
        with self._open() as store:
            runs = store.runs()
            return runs.join(store.metric_table(), on="key")

    @property
    def traces(self) -> pd.DataFrame:
        """One row an evaluation: key, start, step, seconds, objective, kappa, more."""
        with self._open() as store:
            return store.traces()

    @property
    def over_seeds(self) -> pd.DataFrame:
        """One row a setting and metric over seeds: labels, name, value, or why none.

        As `nmflab.store.Store.group_metrics` has them; asked for by ``metrics=``, with
        the name of a metric over seeds, and empty where none was.
        """
        with self._open() as store:
            return store.group_metrics()

    def factors(self, key: str) -> Factors:
        """Return the factors of a run, float64.

        Raises
        ------
        KeyError
            If the run has none: it failed, or ``save.factors=none``.
        """
        with self._open() as store:
            found = store.factors(key)
        if found is None:
            raise KeyError(f"run {key} has no factors stored in {self.folder}")
        return found

    def recommend(
        self,
        *,
        user: str | int | None = None,
        new: str | Mapping[str, float] | None = None,
        top: int = 10,
    ) -> pd.DataFrame:
        """Return the items with the highest predicted values, unseen ones only.

        Parameters
        ----------
        user : str or int, optional
            Name, or number counted from 1. None: the first few.
        new : str or mapping, optional
            Ratings by item of somebody the study does not know.
        top : int, default 10

        Raises
        ------
        RecommendationError
            If the study has no factors, or a name is not known.

        See Also
        --------
        nmflab.recommend.recommend : The other options.
        """
        from nmflab.recommend import recommend

        return recommend(self.folder, user=user, new=new, top=top)

    def compare(
        self, other: Study | Path | str, *, tolerance: float | None = None
    ) -> Comparison:
        """Return what is the same in another study, and what is not.

        Parameters
        ----------
        other : Study, Path or str
            A study, its folder, or an archive of one.
        tolerance : float, optional
            Relative difference that counts as none; by default the square root of the
            precision of each run's dtype.

        Returns
        -------
        Comparison
            Printed, it says what `nmflab compare` does; ``.frame()`` has every figure.

        Raises
        ------
        StoreError
            If there is no study.
        """
        from nmflab.reproducing.comparing import compare_studies

        folder = other.folder if isinstance(other, Study) else Path(other)
        return compare_studies(self.folder, folder, tolerance=tolerance)

    def figures(
        self, out: str | Path | None = None, **options: str | float | Sequence[str]
    ) -> list[Path]:
        """Write figures and tables for a paper and return their paths.

        Parameters
        ----------
        out : str or Path, optional
            The folder; by default ``figures/`` in the study's.
        **options : str, number or sequence of str
            As on the command line: ``only="convergence"``, ``formats=["pdf", "svg"]``,
            ``tables="latex"``, ``width=120``.

        Raises
        ------
        ConfigError
            For an unknown option or value.
        """
        from nmflab.commands import figures

        words = {
            name: ",".join(value) if isinstance(value, list | tuple) else str(value)
            for name, value in options.items()
        }
        where = {} if out is None else {"out": str(out)}
        return figures([self.folder], {**where, **words}).files

    def report(self, *others: Study, out: str | Path | None = None) -> Path:
        """Build the report from the store and return its page.

        Parameters
        ----------
        *others : Study
            Studies to be merged into one report, in a folder of its own.
        out : str or Path, optional
            Another folder for it.
        """
        from nmflab.commands import report

        folders = [self.folder, *(one.folder for one in others)]
        return report(folders, out=None if out is None else Path(out))

    def export(self, out: str | Path | None = None, **options: str) -> Exported:
        """Write an archive fit for a repository; see `nmflab.sharing.export`.

        Parameters
        ----------
        out : str or Path, optional
            A ``.zip`` or a new folder; by default ``<study>.zip``.
        **options : str
            ``data="include"``, ``factors="all"``, ...
        """
        from nmflab import session
        from nmflab.sharing import export

        target = None if out is None else Path(out)
        return export(self.folder, session.registry(), out=target, **options)


def study(
    *overrides: str,
    X: npt.ArrayLike | csr_array | pd.DataFrame | None = None,
    missing: str = "none",
    quiet: bool = True,
) -> Study:
    """Run a sweep and return the study; the same path as the command line.

    Parameters
    ----------
    *overrides : str
        As on the command line: ``"solver=hals,mu"``, ``"n_components=2,4"``.
    X : array-like, csr_array or DataFrame of shape (n_samples, n_features), optional
        Data in memory, in place of ``dataset=...``. A DataFrame's labels become names.
    missing : {"none", "nan", "zeros", "unstored"}, default "none"
        Which cells of X are unknown: none, those that hold NaN, those that hold 0, or
        those a sparse X does not store.
    quiet : bool, default True
        Show no progress.

    Returns
    -------
    Study
        Opened again later as ``nmflab.Study(folder)``; ``.report()`` builds its page.

    Raises
    ------
    ConfigError
        If the overrides do not fit; the key is named.
    ValueError
        If X cannot be used; the first offending cell is named.
    KeyboardInterrupt
        After Ctrl-C, once what ran is finished and everything is stored.

    Warns
    -----
    RuntimeWarning
        If runs failed, or none could be made.

    Examples
    --------
    >>> import nmflab, numpy as np
    >>> X = np.random.default_rng(0).random((20, 10))
    >>> done = nmflab.study("solver=hals,mu", "n_components=2,4", X=X)
    >>> done.runs[["solver", "n_components", "objective_value"]]
    """
    from nmflab.commands import sweep
    from nmflab.sweep.outcome import Outcome

    arguments = list(overrides)
    if X is not None:
        _refuse_dataset(arguments)
        arguments = [*_as_dataset(X, missing), *arguments]
    if not any(a.startswith("report=") for a in arguments):
        arguments.append("report=false")
    outcome, _ = sweep(arguments, quiet=quiet)
    if isinstance(outcome, Outcome):
        _tell(outcome)
    return Study(outcome.folder)


def _refuse_dataset(arguments: list[str]) -> None:
    named = [a for a in arguments if a.partition("=")[0] in ("dataset", "experiment")]
    if named:
        raise ValueError(
            f"{named[0]} and X are two data sets; give X and no dataset, or leave X out"
        )


def _tell(outcome: Outcome) -> None:
    """Raise what interrupted a sweep; warn where runs failed or none was made."""
    if outcome.interrupted:
        raise KeyboardInterrupt
    reasons = [*outcome.failures, *outcome.skipped]
    if outcome.exit_code and reasons:
        planned = sum(outcome.counts.values())
        warnings.warn(
            f"{planned - outcome.counts.get('ok', 0)} of {planned} runs have no result;"
            f" the commonest reason: {reasons[0][0]}",
            RuntimeWarning,
            stacklevel=3,
        )


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One factorization and how it was reached.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
    H : ndarray of shape (n_components, n_features)
    objective : float
        The shared objective, evaluated by the framework in float64.
    kappa : float
        The scale-invariant stationarity residual, dimensionless.
    n_steps : int
    seconds : float
        Wall seconds of the solver.
    reason : str
        Why it stopped, as a sentence.
    metrics : mapping
        Name to value.
    factors : Factors
        W and H with their offsets, if the model has any.
    """

    W: Matrix = field(repr=False)
    H: Matrix = field(repr=False)
    objective: float
    kappa: float
    n_steps: int
    seconds: float
    reason: str
    metrics: Mapping[str, float] = field(repr=False)
    factors: Factors = field(repr=False)


def fit(
    X: npt.ArrayLike | csr_array | pd.DataFrame,
    n_components: int,
    *,
    solver: str = "hals",
    init: str = "random",
    seed: int = 0,
    missing: str = "none",
    overrides: Sequence[str] = (),
    **parameters: Any,
) -> Fit:
    """Factorize one matrix; no study is kept (X itself stays in nmflab's cache).

    Parameters
    ----------
    X, missing
        As in `study`.
    n_components : int
    solver, init : str
        Names, as `nmflab list` shows them.
    seed : int
    overrides : str, or sequence of str
        Anything else the command line takes: ``"stop.kkt=1e-6"``.
    **parameters
        The solver's: ``inner=1``.

    Returns
    -------
    Fit

    Raises
    ------
    ConfigError, ValueError
        As `study`.
    RuntimeError
        If the run did not end well; the message is the run's own.
    """
    from nmflab.sweep.overrides import literal

    if isinstance(overrides, str):
        overrides = (overrides,)
    chosen = [
        f"n_components={n_components}",
        f"solver={solver}",
        f"init={init}",
        f"seed={seed}",
        *(f"solver.{name}={literal(value)}" for name, value in parameters.items()),
        "executor.name=serial",
    ]
    with TemporaryDirectory() as folder:
        where = f"study={literal(str(Path(folder) / 'fit'))}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # raised below, in full
            done = study(*chosen, where, *overrides, X=X, missing=missing)
        if len(done.runs) != 1:
            raise ValueError(
                f"fit makes one run, and this is a sweep of {len(done.runs)}; use"
                " nmflab.study for several"
            )
        row = done.runs.iloc[0]
        if row["status"] != "ok":
            raise RuntimeError(f"{row['status']}: {row['reason']}")
        factors = done.factors(row["key"])
        with done._open() as store:
            measured = store.metrics()
    metrics = measured[measured["value"].notna()].set_index("name")["value"]
    return Fit(
        W=factors.W,
        H=factors.H,
        objective=float(row["objective_value"]),
        kappa=float(row["kappa"]),
        n_steps=int(row["n_steps"]),
        seconds=float(row["seconds"]),
        reason=str(row["reason"]),
        metrics={str(k): float(v) for k, v in metrics.items()},
        factors=factors,
    )


def _as_dataset(X: Any, missing: str) -> list[str]:
    """Put X into the cache and return the overrides that name it.

    X is Any: whatever NumPy can make an array of, a DataFrame, or a sparse matrix.
    """
    from nmflab.handover import hand_over
    from nmflab.sweep.overrides import literal

    folder, fingerprint = hand_over(X, missing)
    # Two matrices are two studies, unless a name is given.
    return [
        f"study=array-{fingerprint[:8]}",
        "dataset=array",
        f"dataset.folder={literal(str(folder))}",
        f"dataset.fingerprint={literal(fingerprint)}",
    ]


def reproduce(
    study: Study | Path | str,
    *,
    sample: int | None = None,
    seed: int = 0,
    into: Path | str | None = None,
    tolerance: float | None = None,
    quiet: bool = True,
) -> Reproduction:
    """Run a study again from its record, in a folder of its own, and compare.

    Parameters
    ----------
    study : Study, Path or str
        A study, its folder, or a ``study.yaml``.
    sample : int, optional
        How many of its runs, chosen to cover its data sets and solvers; default: all.
    seed : int, default 0
        Of the sample.
    into : Path or str, optional
        Folder of the new runs; by default the study's own with ``-reproduced`` added.
    tolerance : float, optional
        Relative difference that counts as none; by default the square root of the
        precision of each run's dtype.
    quiet : bool, default True
        Show no progress.

    Returns
    -------
    Reproduction
        Printed, it says what `nmflab reproduce` does; ``.comparison.frame()`` has every
        figure.

    Raises
    ------
    ConfigError
        If there is no record, or it cannot be used.
    KeyboardInterrupt
        After Ctrl-C, once what ran is finished and everything is stored.
    """
    from nmflab.reproducing.again import reproduced

    done = reproduced(
        study.folder if isinstance(study, Study) else Path(study),
        sample=sample,
        seed=seed,
        into=None if into is None else Path(into),
        tolerance=tolerance,
        quiet=quiet,
    )
    if done.outcome is not None and done.outcome.interrupted:
        raise KeyboardInterrupt
    return done


__all__ = ["Fit", "Study", "fit", "reproduce", "study"]
