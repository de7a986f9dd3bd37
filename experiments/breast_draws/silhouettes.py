"""How well signatures hold together over draws of the counts, by case and size.

    python experiments/breast_draws/silhouettes.py studies/breast_draws

The components of all draws are clustered, one of each draw to a cluster; the least mean
silhouette of a cluster says whether that many signatures come back (NMFk).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nmflab.numerics.component_clusters import cluster_silhouettes
from nmflab.store import Store


def look(folder: Path) -> pd.DataFrame:
    """Return the least and the mean silhouette of each case and size.

    Returns
    -------
    DataFrame
        A row a case and n_components, with `draws`, `least`, `mean` (dimensionless).
    """
    rows = []
    with Store.open(folder) as store:
        runs = store.runs()
        runs = runs[runs["status"] == "ok"]
        for named, group in runs.groupby(["case", "n_components"]):
            kept = [store.factors(key) for key in group["key"]]
            found = cluster_silhouettes([f.H for f in kept if f is not None])
            rows.append(
                {
                    **dict(zip(("case", "n_components"), named, strict=True)),
                    "draws": len(group),
                    "least": float(found.min()),
                    "mean": float(np.mean(found)),
                }
            )
    return pd.DataFrame(rows).set_index(["case", "n_components"])


if __name__ == "__main__":
    print(look(Path(sys.argv[1])).round(3).to_string())
