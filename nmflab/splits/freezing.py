"""Arrays as solvers get them: in the problem's dtype, read-only, copied if need be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def read_only(X: Any, observed: Any, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return X in the problem's dtype, and the observed cells, as read-only views."""
    if isinstance(X, np.ndarray):
        cast = np.ascontiguousarray(X, dtype=dtype)
        return _frozen(cast), None if observed is None else _frozen(observed)
    cast = _csr(X, _frozen(X.data.astype(dtype, copy=False)))
    if observed is None:
        return cast, None
    return cast, _csr(X, _frozen(observed.data))


def _csr(X: Any, data: npt.NDArray[Any]) -> Any:
    from scipy.sparse import csr_array

    arrays = (data, _frozen(X.indices), _frozen(X.indptr))
    made: Any = csr_array(arrays, shape=X.shape, copy=False)
    made.has_sorted_indices = True
    made.has_canonical_format = True
    return made


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
