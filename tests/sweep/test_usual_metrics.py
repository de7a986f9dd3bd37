"""Metrics of held-out cells are there without being asked for."""

from __future__ import annotations

from typing import Any

import pytest

from nmflab import session
from nmflab.config import DEFAULT_METRICS
from nmflab.sweep.expand import Space
from nmflab.sweep.usual_metrics import ERRORS, RANKINGS, with_held_out_metrics


def metrics(
    *splits: dict[str, Any], asked: tuple[str, ...] = DEFAULT_METRICS
) -> list[str]:
    """Return the metrics of a sweep over some splits."""
    space = Space(axes={"split": list(splits)}, settings={"metrics": list(asked)})
    (found,) = with_held_out_metrics([space], session.registry())
    return list(found.settings["metrics"])


@pytest.mark.parametrize(
    ("split", "more"),
    [
        ({"name": "none"}, ()),
        ({"name": "shuffled"}, ()),
        ({"name": "k_folds", "cells": "observed"}, ERRORS),
        ({"name": "temporal", "cells": "positive"}, RANKINGS),
        ({"name": "bi_cv"}, ("held_out",)),
    ],
)
def test_what_is_held_out_is_measured_with_baselines(
    split: dict[str, Any], more: tuple[str, ...]
) -> None:
    """Errors for values, rankings for events."""
    assert metrics(split) == [*DEFAULT_METRICS, *more]


def test_a_list_that_was_given_is_kept() -> None:
    """Whoever asks for one metric gets one."""
    assert metrics({"name": "k_folds"}, asked=("rmse",)) == ["rmse"]


def test_splits_of_a_sweep_add_up() -> None:
    """Each metric once."""
    both = metrics({"name": "k_folds"}, {"name": "leave_n", "cells": "positive"})
    assert both == [*DEFAULT_METRICS, *ERRORS, *RANKINGS]
