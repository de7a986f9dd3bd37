"""What is said where no two settings met: what there is, and why it settles nothing."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.numbers import brief, count
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import Measure, in_sentence, words

_FEW = 4


def uncompared(groups: Sequence[Group], error: Measure) -> str:
    """Return why nothing says what to use; of a few settings with their errors."""
    first = groups[0]
    if len(groups) == 1:
        return _alone(first, error)
    names = {group.name for group in groups}
    if len(names) == 1:
        said = (
            f"Only {first.name} was run, so nothing here says which solver or start to"
            " use"
        )
    else:
        said = (
            "No two solvers or starts met on the same data, size and objective, so none"
            " can be called better"
        )
    if len(groups) > _FEW or not error.names:
        return f"{said}."
    told = [error.name_of(group) for group in groups]
    differ = len(set(told)) > 1
    cells = [f" over {_cells(name)}" if differ and name else "" for name in told]
    each = [
        f"{group.name} {_error_of(group, error)}{which}"
        for group, which in zip(groups, cells, strict=True)
    ]
    return f"{said}; {in_sentence(error.short)}: {', '.join(each)}."


def _alone(group: Group, error: Measure) -> str:
    value = error.of(group)
    known = f"{_named(error)} {brief(value.mean, value.sd)}" if value else "a result"
    said = (
        f"{group.name} with {count(group.n_components, 'component')} reached {known} on"
        f" {group.dataset}"
    )
    if group.n_seeds == 1:
        return f"{said}: one run, so no conclusion about solvers, sizes or seeds."
    return f"{said} over {group.n_seeds} seeds; there was nothing to compare it with."


def _named(error: Measure) -> str:
    name = in_sentence(error.short)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} of"


def _cells(name: str) -> str:
    """Return which cells a metric is of, as its name says."""
    head, _, cells = words(name).rpartition(" (")
    return cells.removesuffix(")") if head else f"its own cells ({name})"


def _error_of(group: Group, error: Measure) -> str:
    stat = error.of(group)
    return brief(stat.mean, stat.sd) if stat else "not measured"
