"""nmflab: a laboratory for non-negative matrix factorization.

From Python: `nmflab.study("solver=hals,mu", "n_components=2,4", X=X)` runs a sweep,
`nmflab.fit(X, n_components=4)` one factorization, `nmflab.reproduce(folder)` a study
again. All load what they need when first
called; importing nmflab costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nmflab.api import Fit, Study, fit, reproduce, study

__version__ = "0.1.0"

__all__ = ["Fit", "Study", "fit", "reproduce", "study"]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def __getattr__(name: str) -> Any:  # Any: the attributes of nmflab.api
    if name in __all__:
        from nmflab import api

        return getattr(api, name)
    raise AttributeError(f"module 'nmflab' has no attribute {name!r}")
