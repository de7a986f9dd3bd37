"""Values that are infinite: no mean, axis or rank can hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd


def finite(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a frame with infinite values missing, and how many each column had."""
    numeric = frame.select_dtypes("number")
    is_infinite = np.isinf(numeric.to_numpy(dtype=np.float64, na_value=np.nan))
    counts = dict(zip(numeric.columns, is_infinite.sum(axis=0), strict=True))
    found = {str(name): int(n) for name, n in counts.items() if n}
    if found:
        names = list(found)
        frame = frame.assign(**frame[names].replace([np.inf, -np.inf], np.nan))
    return frame, found
