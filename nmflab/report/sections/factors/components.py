"""One component, drawn as its data ask for: image, map, curve, or lists of names.

How a dataset's features are drawn follows from its extras (see docs/data.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import Factors, Matrix
from nmflab.numerics.naming import ComponentName
from nmflab.numerics.top_features import Features
from nmflab.report.content import Card, Cards, NameList, Picture
from nmflab.report.drawing.lent import Lent
from nmflab.report.drawing.pictures import curve_svg, image_svg
from nmflab.report.numbers import number
from nmflab.report.reading.observed import column_names, row_names, shape
from nmflab.report.sections.factors.features import component_strength, percent
from nmflab.report.sections.factors.named import named, represented

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_CARDS = 64
N_LISTED = 8
N_REPRESENTATIVES = 3
N_PEAKS = 4

_IMAGES = {"H": ("image_shape", "image"), "W": ("sample_shape", "map of samples")}
_CURVES = {
    "H": (
        ("wavelengths", "wavelength, µm", "spectrum"),
        ("frequencies", "frequency, Hz", "spectrum"),
        ("column_times", "time, s", "course"),
    ),
    "W": (
        ("row_wavelengths", "wavelength, µm", "spectrum"),
        ("row_frequencies", "frequency, Hz", "spectrum"),
        ("times", "time, s", "course"),
    ),
}
"""The extras that say how a side is drawn, and what the picture is called."""


@dataclass(frozen=True)
class _Image:
    """A vector whose entries are the pixels of an image, row by row."""

    size: tuple[int, int]
    caption: str

    def picture(self, picture_id: str, values: Matrix, title: str) -> Picture:
        image = values.reshape(self.size)
        words = f"{title}: {self.caption}, {_image_words(image)}"
        return Picture(picture_id, image_svg(image, words), words, self.caption)


@dataclass(frozen=True)
class _Curve:
    """A vector over wavelengths, frequencies or moments."""

    x: Matrix
    x_title: str
    caption: str

    def picture(self, picture_id: str, values: Matrix, title: str) -> Picture:
        words = f"{title}: {self.caption}, {_curve_words(self, values)}"
        svg = curve_svg(self.x, values, self.x_title, words)
        return Picture(picture_id, svg, words, self.caption)


def is_drawable(dataset: StoredDataset) -> bool:
    """Return whether components of these data are pictures: of H or of W."""
    return any(_drawing(dataset, side) is not None for side in ("H", "W"))


def drawn_component(
    dataset: StoredDataset,
    h: Matrix,
    w: Matrix | None = None,
    *,
    card_id: str,
    title: str,
    detail: str = "",
    lists: Sequence[NameList] | None = None,
) -> Card:
    """Return one component: its pictures, or the names of its largest entries.

    Parameters
    ----------
    dataset : StoredDataset
    h : ndarray of shape (n_features,)
        On any scale; a picture is shown from 0 to its largest entry.
    w : ndarray of shape (n_samples,), optional
        Drawn where its samples are the pixels of an image, or moments.
    card_id : str
        Unlike any other's on the page, in letters, digits and "-".
    title : str
        What the component is called; its pictures say it to those who do not see them.
    detail : str
        A second, smaller line.
    lists : sequence of NameList, optional
        What is listed below; None lists the heaviest features where h is no picture.
    """
    pictures = []
    for side, values in (("H", h), ("W", w)):
        drawing = _drawing(dataset, side)
        if drawing is not None and values is not None:
            drawn = np.asarray(values, dtype=np.float64)
            pictures.append(drawing.picture(f"{card_id}-{side}", drawn, title))
    if len(pictures) == 1:  # one alone needs no telling apart
        pictures = [replace(pictures[0], caption="")]
    if lists is None:
        lists = [] if _drawing(dataset, "H") else [heaviest(dataset, h)]
    return Card(title, detail, pictures, lists)


def heaviest(dataset: StoredDataset, h: Matrix, n: int = N_LISTED) -> NameList:
    """Return the names of the largest entries of a row of H, largest first."""
    first = np.argsort(-h, kind="stable")[:n]
    names = column_names(dataset)
    return NameList("Heaviest features", [names[j] for j in first if h[j] > 0])


def gallery(
    block_id: str, title: str, dataset: StoredDataset, factors: Factors
) -> Cards:
    """Return the components of a run as pictures, largest first, each with its name."""
    strength = component_strength(factors)
    order = np.argsort(-strength, kind="stable")[:MOST_CARDS]
    names, samples = named(dataset, factors), represented(dataset, factors)
    cards = [
        drawn_component(
            dataset,
            factors.H[k],
            factors.W[:, k],
            card_id=f"{block_id}-{k + 1}",
            title=_title(int(k), names[k]),
            detail=f"{percent(strength[k])} of the model"
            if strength[k] > 0
            else "no weight: the component is dead",
            lists=_lists(dataset, factors.H[k], names[k], samples[k].samples),
        )
        for k in order
    ]
    left = factors.n_components - len(cards)
    return Cards(
        block_id,
        f"Components: {title}",
        cards,
        _how_to_read(dataset) + (f" {left} weaker ones are not drawn." if left else ""),
    )


def _title(k: int, name: ComponentName) -> str:
    called = "" if name.enriched is None else f": {name.enriched.short_text}"
    return f"Component {k + 1}{called}"


def _lists(
    dataset: StoredDataset, h: Matrix, name: ComponentName, samples: Features
) -> list[NameList]:
    """Return names beside the pictures: peaks of a curve, else what the name is of."""
    found, drawing = [], _drawing(dataset, "H")
    names = column_names(dataset)
    if isinstance(drawing, _Curve) and dataset.column_names is not None:
        found.append(NameList("Peaks", [names[j] for j in peaks(drawing.x, h)]))
    elif drawing is None:
        found.append(NameList("By weight", [names[j] for j in name.top[:N_LISTED]]))
        found.append(NameList("By FREX", [names[j] for j in name.own[:N_LISTED]]))
    if _drawing(dataset, "W") is None:
        rows = row_names(dataset)
        listed = [rows[i] for i in samples[:N_REPRESENTATIVES]]
        found.append(NameList("Representative samples", listed))
    return [one for one in found if one.names]


def peaks(x: Matrix, values: Matrix) -> Features:
    """Return the highest peaks of a curve, by index, at most `N_PEAKS`.

    Those that rise from the curve around them by a twentieth of the highest at least;
    the ends of a curve may be among them.
    """
    from scipy.signal import find_peaks

    order = np.argsort(x, kind="stable")
    sizes = np.pad(np.abs(np.asarray(values, dtype=np.float64))[order], 1)
    if not sizes.any():
        return np.empty(0, dtype=np.intp)
    found, _ = find_peaks(sizes, prominence=0.05 * sizes.max())
    found = found[np.argsort(-sizes[found], kind="stable")][:N_PEAKS]
    places: Features = order[found - 1].astype(np.intp)
    return places


def _how_to_read(dataset: StoredDataset) -> str:
    said = "Each picture goes from 0 to its own largest entry"
    images = _is_image(dataset, "H") or _is_image(dataset, "W")
    said += ", pale to dark." if images else "."
    if _drawing(dataset, "H") is None:
        said += " By FREX: what is heavy here and light in the other components."
    return said


def _is_image(dataset: StoredDataset, side: str) -> bool:
    return isinstance(_drawing(dataset, side), _Image)


def _drawing(dataset: StoredDataset, side: str) -> _Image | _Curve | Lent | None:
    """Return how vectors of H's side, or W's, are drawn; None: they are no picture."""
    if side == "H" and dataset.draw is not None:
        return Lent(dataset.draw, column_names(dataset))
    n = shape(dataset)[1 if side == "H" else 0]
    key, caption = _IMAGES[side]
    size: Any = dataset.extras.get(key)
    if size is not None and len(size) == 2 and int(size[0]) * int(size[1]) == n:
        return _Image((int(size[0]), int(size[1])), caption)
    for key, x_title, caption in _CURVES[side]:
        given = dataset.extras.get(key)
        if given is None or isinstance(given, str) or len(given) != n or n < 2:
            continue
        x = np.asarray(given, dtype=np.float64)
        if np.isfinite(x).all():
            return _Curve(x, x_title, caption)
    return None


def _image_words(image: Matrix) -> str:
    height, width = image.shape
    said = f"{width} x {height} pixels"
    if not image.any():
        return f"{said}, all 0"
    row, column = np.unravel_index(int(np.abs(image).argmax()), image.shape)
    return f"{said}, heaviest in row {row + 1}, column {column + 1}"


def _curve_words(curve: _Curve, values: Matrix) -> str:
    quantity, _, unit = curve.x_title.partition(", ")
    low, high = (number(float(end), 3) for end in (curve.x.min(), curve.x.max()))
    said = f"{quantity} {low} to {high} {unit}"
    if not values.any():
        return f"{said}, all 0"
    at = number(float(curve.x[int(np.abs(values).argmax())]), 3)
    return f"{said}, largest at {at} {unit}"
