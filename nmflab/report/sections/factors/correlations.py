"""How the columns of the reconstruction go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Factors, Matrix
from nmflab.report.content import Figure
from nmflab.report.reading.observed import column_names
from nmflab.report.sections.factors.heatmaps import Grid, heatmaps

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_COLUMNS = 60
"""Columns up to which the correlations are drawn."""


def correlations(W: Matrix, H: Matrix) -> Matrix:
    """Return the Pearson correlations of the columns of ``W H``, without forming it.

    ``cov(WH) = Hᵀ cov(W) H``. Columns that do not vary (to rounding) get NaN, as a
    correlation with a constant has no meaning.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
    H : ndarray of shape (n_components, n_features)
    """
    centred = W - W.mean(axis=0)
    half = np.asarray(np.linalg.qr(centred, mode="r")) @ H  # halfᵀ half = n · cov(WH)
    variance = (half**2).sum(axis=0)
    level = W.shape[0] * (np.abs(W).mean(axis=0) @ np.abs(H)) ** 2
    varies = variance > 1e-20 * level
    scaled = half / np.sqrt(np.where(varies, variance, 1.0))
    values = np.clip(scaled.T @ scaled, -1.0, 1.0)
    values[~varies, :] = values[:, ~varies] = np.nan
    return np.asarray(values, dtype=np.float64)


def correlation_figure(
    figure_id: str, title: str, what: str, dataset: StoredDataset, factors: Factors
) -> Figure:
    """Return the heatmap of the correlations of the columns of the reconstruction."""
    W, H = factors.W, factors.H
    if factors.row_offset is not None:  # one more component, the same for every column
        W = np.column_stack([W, factors.row_offset])
        H = np.vstack([H, np.ones(H.shape[1])])
    values = correlations(W, H)
    flat = int(np.isnan(np.diagonal(values)).sum())
    caption = f"Pearson correlation over the rows of the model: {what}."
    if flat:
        columns = "the one column" if flat == 1 else f"the {flat} columns"
        caption += f" Grey marks {columns} without variation."
    names = column_names(dataset)
    spec = heatmaps([Grid("", values, names, names, limits=(-1.0, 1.0))])
    return Figure(figure_id, title, caption, spec)
