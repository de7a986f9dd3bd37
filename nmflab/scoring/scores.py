"""The metrics of factors made elsewhere, as a run's record would have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.config import ConfigError
from nmflab.contracts import Factors, Matrix, MetricValue
from nmflab.run.fitted import fitted_run
from nmflab.run.guard import collected_warnings
from nmflab.run.measure import measure
from nmflab.scoring.beside import Beside, best_run
from nmflab.scoring.files import read_factor
from nmflab.scoring.fitting import fitted_to, vector
from nmflab.scoring.meanings import OWN, Meaning, meaning_of
from nmflab.scoring.oddities import oddities
from nmflab.scoring.posing import Posed, pose

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array


@dataclass(frozen=True, kw_only=True)
class Score:
    """What factors made elsewhere come to under the metrics of a run.

    Parameters
    ----------
    title : str
        The problem: dataset, weighting, split, objective.
    factors : Factors
        As they were scored: in the orientation and order of the data.
    objective : float
        The shared objective, as the framework evaluates it for every run.
    kappa : float
        The scale-invariant stationarity residual; 0 at a stationary point.
    values : mapping
        Number or text by the metric's name.
    problems : mapping
        Why a metric has no value: ``not applicable: needs tokens``.
    meanings : mapping
        Direction, range and unit by the name of a value.
    notes : tuple of str
        What was done to the factors, and what is odd about them.
    beside : Beside
        The best comparable run of a study, where one was named.
    """

    title: str
    factors: Factors = field(repr=False)
    objective: float
    kappa: float
    values: Mapping[str, MetricValue] = field(repr=False)
    problems: Mapping[str, str] = field(repr=False)
    meanings: Mapping[str, Meaning] = field(repr=False)
    notes: tuple[str, ...] = ()
    beside: Beside = field(default=Beside(), repr=False)

    @property
    def n_components(self) -> int:
        """Number of components."""
        return self.factors.n_components

    def frame(self) -> pd.DataFrame:
        """Return one row a value or missing value, the objective and kappa first.

        Columns: metric, value (a number), text (where it is words), study (the value
        of the study's best run), better, lowest, highest, unit, problem.
        """
        import pandas as pd

        own = {"objective": self.objective, "kappa": self.kappa}
        rows = [
            self._row(name, value) for name, value in {**own, **self.values}.items()
        ]
        rows += [
            {"metric": name, "problem": why} for name, why in self.problems.items()
        ]
        return pd.DataFrame(rows, columns=COLUMNS)

    def _row(self, name: str, value: MetricValue) -> dict[str, Any]:
        meaning = self.meanings[name]
        lowest, highest = meaning.range
        kind = "text" if isinstance(value, str) else "value"
        return {
            "metric": name,
            kind: value,
            "study": self.beside.values.get(name),
            "better": meaning.better,
            "lowest": lowest,
            "highest": highest,
            "unit": meaning.unit,
        }


COLUMNS = [
    "metric",
    "value",
    "text",
    "study",
    "better",
    "lowest",
    "highest",
    "unit",
    "problem",
]


def score(
    W: str | Path | npt.ArrayLike | pd.DataFrame,
    H: str | Path | npt.ArrayLike | pd.DataFrame,
    *overrides: str,
    X: npt.ArrayLike | csr_array | pd.DataFrame | None = None,
    missing: str = "none",
    W_variable: str | None = None,
    H_variable: str | None = None,
    row_offset: str | Path | npt.ArrayLike | None = None,
    column_offset: str | Path | npt.ArrayLike | None = None,
    study: str | Path | None = None,
) -> Score:
    """Put factors made elsewhere under the metrics that nmflab's own runs have.

    Parameters
    ----------
    W : str, Path, array-like or DataFrame of shape (n_samples, n_components)
        A path is read as .npy, .npz, .mat, .csv, .tsv or .txt says.
    H : str, Path, array-like or DataFrame of shape (n_components, n_features)
    *overrides : str
        The problem, as on the command line: ``"dataset=samson"``,
        ``"weighting=row_sums"``, ``"metrics=[spectral_angle]"``. Without ``metrics``,
        all metrics of one run.
    X, missing
        Data in memory in place of ``dataset=...``, as in `nmflab.study`.
    W_variable, H_variable : str, optional
        The variable of a .mat or .npz; by default the one called W or H, or the only
        one.
    row_offset, column_offset : str, Path or array-like, optional
        What the model adds to every cell of a row (n_samples numbers), of a column
        (n_features).
    study : str or Path, optional
        A study on the same problem: the values of its best run, of those with as many
        components, stand beside.

    Returns
    -------
    Score

    Raises
    ------
    ConfigError
        If the factors cannot be read or do not fit X, or the overrides do not fit; the
        key is named.

    Examples
    --------
    >>> from nmflab.scoring import score
    >>> score("W.csv", "H.csv", "dataset=digits").values["relative_error"]
    """
    given = (read_factor("W", W, W_variable), read_factor("H", H, H_variable))
    posed = pose([*_handed_over(X, missing, overrides), *overrides])
    data = posed.prepared.dataset
    n, m = data.X.shape
    factors, notes = fitted_to(*given, (n, m), data.row_names, data.column_names)
    factors = Factors(
        factors.W,
        factors.H,
        _offset("row_offset", row_offset, n, "row"),
        _offset("column_offset", column_offset, m, "column"),
    )
    beside = Beside() if study is None else best_run(study, posed, factors.n_components)
    return replace(_scored(posed, factors, notes), beside=beside)


def _handed_over(
    X: object | None, missing: str, overrides: tuple[str, ...]
) -> list[str]:
    """Put an X in memory where a dataset is opened from; return what names it."""
    if X is None:
        return []
    from nmflab.handover import hand_over
    from nmflab.sweep.overrides import literal

    named = [a for a in overrides if a.partition("=")[0] in ("dataset", "experiment")]
    if named:
        raise ConfigError(
            f"{named[0]} and X are two data sets; give X and no dataset, or leave X out"
        )
    folder, fingerprint = hand_over(X, missing)
    return [
        "dataset=array",
        f"dataset.folder={literal(str(folder))}",
        f"dataset.fingerprint={literal(fingerprint)}",
    ]


def _offset(key: str, given: object | None, length: int, what: str) -> Matrix | None:
    if given is None:
        return None
    if not isinstance(given, str | Path):
        given = np.atleast_2d(np.asarray(given))
    return vector(read_factor(key, given), length, what)


def _scored(posed: Posed, factors: Factors, notes: list[str]) -> Score:
    from threadpoolctl import threadpool_limits

    # As many threads as a run has: with another number, sums differ in their last bits.
    with threadpool_limits(posed.n_threads), collected_warnings() as warned:
        run = fitted_run(posed.prepared, factors, posed.axes)
        signs = {
            name
            for name, factor in (("W", run.factors.W), ("H", run.factors.H))
            if factor.min() >= 0
        }
        evaluator = posed.prepared.evaluator
        objective = evaluator.value(run.factors)
        kappa = evaluator.kappa(run.factors, signs)
        measured = measure(posed.metrics, posed.registry, run)
        notes = [*notes, *posed.prepared.notes, *oddities(posed, run, objective)]
    names = [*OWN, *measured.values]
    return Score(
        title=f"{posed.title}; {factors.n_components} components",
        factors=factors,
        objective=objective,
        kappa=kappa,
        values=measured.values,
        problems={**_of_seeds(posed), **measured.problems},
        meanings={name: meaning_of(name, posed.registry) for name in names},
        notes=(*notes, *warned),
    )


def _of_seeds(posed: Posed) -> dict[str, str]:
    """Return why metrics over several runs have no value of one pair."""
    return {
        name: "not applicable: needs several runs"
        for name in posed.metrics
        if posed.registry.metrics[name].scope != "run"
    }
