"""Variables of MATLAB files whose shapes are known."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt


def read_variables(
    content: bytes, name: str, shapes: Mapping[str, tuple[int, int]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return some variables of a MATLAB file (version 5 to 7.2), in C order.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Named in errors.
    shapes : mapping of str to tuple of int
        The variables wanted, and their shapes.

    Raises
    ------
    ValueError
        If it is no MATLAB file, or a variable is absent or has another shape.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    source: Any = BytesIO(content)  # which SciPy's stubs do not know
    try:
        found = loadmat(source, variable_names=list(shapes))
    except (MatReadError, ValueError, TypeError, NotImplementedError) as error:
        raise ValueError(
            f"{name} is no MATLAB file of version 5 to 7.2 ({error}); it is not the"
            " published file"
        ) from error
    for key, shape in shapes.items():
        if key not in found:
            raise ValueError(
                f"{name} holds no variable {key!r}; it is not the published file"
            )
        if found[key].shape != shape:
            raise ValueError(
                f"{name}: variable {key!r} has shape {found[key].shape}, and"
                f" {shape} was published; it is not the published file"
            )
    return {key: np.ascontiguousarray(found[key], dtype=np.float64) for key in shapes}
