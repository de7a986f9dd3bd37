"""How many components: criteria side by side, read from a study that was advised.

``advise=n_components`` makes one sweep over sizes into the runs that the criteria need
(`nmflab.sweep.advised`); `panel` reads them from the store and weighs them. Criteria
disagree, for they ask different things; no number stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmflab.advice.panel import Criterion, Panel, Spread

if TYPE_CHECKING:
    from nmflab.store import Store

__all__ = ["Criterion", "Panel", "Spread", "panel"]


def panel(store: Store) -> Panel | None:
    """Return the panel of a study's last sweep.

    None where it was not asked for one, or nothing could be fitted.
    """
    from nmflab.advice.criteria import all_criteria
    from nmflab.advice.reading import evidence

    found = evidence(store)
    if found is None or not found.fits:
        return None
    return Panel(
        dataset=found.dataset,
        solver=found.solver,
        objective=found.objective,
        sizes=found.sizes,
        criteria=all_criteria(found),
        n_left=found.n_left,
    )
