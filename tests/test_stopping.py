"""Stop criteria, each on a sequence of evaluations made by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from nmflab.stopping import Stop, StopRule, StopSettings
from nmflab.stopping.criteria import Evaluation


class At:
    """A clock that shows what it is told."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds


def only(**criteria: object) -> StopSettings:
    """Return settings with these criteria and no other."""
    return StopSettings(**{"kkt": None, "max_steps": None} | criteria)  # type: ignore[arg-type]


def first_stop(
    settings: StopSettings, evaluations: Iterable[Evaluation], minimises: str = "shared"
) -> tuple[int, Stop] | None:
    """Return the step at which the rule stops, and what it says."""
    rule = StopRule(settings, minimises)  # type: ignore[arg-type]
    for evaluation in evaluations:
        stop = rule.see(evaluation)
        if stop is not None:
            return evaluation.step, stop
    return None


def objectives(*values: float) -> list[Evaluation]:
    """Return evaluations at steps 0, 1, 2, ..."""
    return [Evaluation(step, value) for step, value in enumerate(values)]


def test_kkt_fires_below_its_threshold_and_says_where() -> None:
    """The sentence holds value, threshold and step."""
    seen = [
        Evaluation(s, 1.0, kappa=k) for s, k in ((0, 1.0), (5, 2e-4), (412, 8.3e-5))
    ]
    assert first_stop(only(kkt=1e-4), seen) == (
        412,
        Stop("kkt", "kkt residual 8.3e-05 fell below stop.kkt=0.0001 at step 412"),
    )


def test_kkt_does_not_fire_at_its_threshold_or_on_nan() -> None:
    """Below means below."""
    seen = [Evaluation(0, 1.0, kappa=math.nan), Evaluation(1, 1.0, kappa=1e-4)]
    assert first_stop(only(kkt=1e-4), seen) is None


def test_target_fires_when_the_objective_reaches_it() -> None:
    """At the target is reached."""
    step, stop = first_stop(only(target=5.0), objectives(9, 6, 5)) or (None, None)
    assert step == 2
    assert stop == Stop("target", "objective 5 reached stop.target=5 at step 2")


def test_projected_gradient_is_compared_with_its_first_value() -> None:
    """The norm 0.5 is above a tenth of 4, the norm 0.4 is not."""
    norms = ((0, 4.0), (1, 0.5), (2, 0.4))
    seen = [Evaluation(s, 1.0, projected_gradient=g) for s, g in norms]
    step, stop = first_stop(only(projected_gradient=0.1), seen) or (None, None)
    assert step == 2
    assert stop is not None
    assert stop.criterion == "projected_gradient"
    assert "0.4 fell to stop.projected_gradient=0.1 of its first value 4" in stop.reason


def test_an_infinite_first_gradient_is_not_compared_with() -> None:
    """Else every later norm would be a small share of it."""
    norms = ((0, math.inf), (1, 8.0), (2, 4.0), (3, 0.7))
    seen = [Evaluation(s, 1.0, projected_gradient=g) for s, g in norms]
    found = first_stop(only(projected_gradient=0.1), seen)
    assert found is not None
    assert found[0] == 3


def test_tol_compares_with_half_the_present_step() -> None:
    """At step 4 the fall since step 2 is 0.1 of a total of 10: 0.1 <= 0.01 * 10.

    The neighbour rule would have fired at step 3 already, where the last fall is 0.05.
    """
    seen = objectives(20.0, 12.0, 10.1, 10.05, 10.0)
    step, stop = first_stop(only(tol=0.0101), seen) or (None, None)
    assert step == 4
    assert stop is not None
    assert stop.criterion == "tol"
    assert "fell by 0.1 between steps 2 and 4" in stop.reason
    assert "stop.tol=0.0101 of its total fall 10" in stop.reason


@pytest.mark.parametrize("spacing", [1, 2, 4, 8])
def test_tol_does_not_depend_on_how_dense_evaluations_are(spacing: int) -> None:
    """For f = 1/(1+step) the rule holds from the same step on, up to one spacing.

    The fall since half the way is about 1/step, so tol = 0.01 holds near step 100.
    """
    seen = [Evaluation(s, 1 / (1 + s)) for s in range(0, 400, spacing)]
    found = first_stop(only(tol=0.01), seen)
    assert found is not None
    assert 97 <= found[0] <= 97 + 2 * spacing


def test_tol_uses_the_evaluation_before_half_where_none_is_at_half() -> None:
    """Half the way to step 9 is 4.5; of 0, 3 and 5 it looks back to 3."""
    steps = ((0, 10.0), (3, 5.0), (5, 4.5), (9, 4.4))
    seen = [Evaluation(s, f) for s, f in steps]
    _, stop = first_stop(only(tol=0.2), seen) or (None, None)
    assert stop is not None
    assert "between steps 3 and 9" in stop.reason


def test_tol_fires_on_a_start_that_is_already_exact() -> None:
    """No fall at all is no more than tol times no fall."""
    found = first_stop(only(tol=1e-6), objectives(0.0, 0.0, 0.0))
    assert found is not None
    assert found[0] == 2


def test_validation_fires_when_patience_runs_out() -> None:
    """The best is at step 2; three evaluations without a better one end the run."""
    rmses = (1.0, 0.9, 0.8, 0.85, 0.8, 0.81)
    seen = [Evaluation(s, 1.0, validation=r) for s, r in enumerate(rmses)]
    step, stop = first_stop(only(validation=3), seen) or (None, None)
    assert step == 5
    assert stop == Stop(
        "validation",
        "validation error did not improve on 0.8 (step 2) over the last"
        " stop.validation=3 evaluations, up to step 5",
    )


def test_an_improvement_renews_the_patience() -> None:
    """Two bad evaluations, a good one, two bad ones: never three in a row."""
    rmses = (1.0, 1.1, 1.2, 0.9, 1.1, 1.2)
    seen = [Evaluation(s, 1.0, validation=r) for s, r in enumerate(rmses)]
    assert first_stop(only(validation=3), seen) is None


def test_max_steps_is_exact() -> None:
    """It holds at its number, not before."""
    rule = StopRule(only(max_steps=7))
    assert rule.limit(6, At()) is None
    assert rule.limit(7, At()) == Stop("max_steps", "reached stop.max_steps=7")


def test_max_seconds_reads_the_clock_of_the_solver() -> None:
    """It holds once the clock shows it, and tells the step."""
    rule = StopRule(only(max_seconds=2.0))
    assert rule.limit(3, At(1.99)) is None
    stop = rule.limit(4, At(2.25))
    assert stop is not None
    assert stop.criterion == "max_seconds"
    assert "2.25 s reached stop.max_seconds=2 at step 4" in stop.reason


def test_of_several_that_hold_the_first_in_order_is_named() -> None:
    """Order: kkt, target, projected_gradient, tol, validation."""
    seen = [Evaluation(0, 1.0, kappa=0.0)]
    found = first_stop(only(kkt=1e-4, target=2.0), seen)
    assert found is not None
    assert found[1].criterion == "kkt"


def test_a_criterion_that_is_not_named_has_still_seen_the_evaluation() -> None:
    """Rules that remember see every evaluation, whichever fires."""
    rule = StopRule(only(target=5.0, validation=1))
    assert rule.see(Evaluation(0, 4.0, validation=1.0)) is not None
    stop = rule.see(Evaluation(1, 6.0, validation=1.0))
    assert stop is not None
    assert stop.criterion == "validation"


def test_a_solver_of_its_own_objective_is_stopped_on_that() -> None:
    """Target looks at the own value; kkt, about the shared one, is left out."""
    settings = only(kkt=1e-4, target=-3.0)
    seen = [
        Evaluation(0, 9.0, kappa=0.0),
        Evaluation(1, -4.0, kappa=0.0, own=-2.0),
        Evaluation(2, 9.0, kappa=0.0, own=-3.5),
    ]
    found = first_stop(settings, seen, minimises="own")
    assert found is not None
    assert (found[0], found[1].criterion) == (2, "target")


def test_kkt_alone_is_refused_for_a_solver_of_its_own_objective() -> None:
    """It would never end."""
    with pytest.raises(ValueError, match=r"set stop\.tol or stop\.max_steps too"):
        StopRule(only(kkt=1e-4), "own")


def test_the_default_is_kkt_with_a_limit_of_steps() -> None:
    """The values of the design."""
    settings = StopSettings()
    assert (settings.kkt, settings.max_steps) == (1e-4, 2000)
    assert settings.max_seconds is settings.tol is settings.target is None
    assert settings.projected_gradient is settings.validation is None


def test_no_criterion_at_all_is_refused() -> None:
    """Such a run would never end."""
    with pytest.raises(ValueError, match=r"every criterion is null.*would never end"):
        only()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("kkt", 0.0, r"stop\.kkt must be > 0, got 0"),
        ("kkt", math.nan, r"stop\.kkt must be a finite number or null, got nan"),
        ("kkt", True, r"stop\.kkt must be a finite number or null, got True"),
        ("max_seconds", -1.0, r"stop\.max_seconds must be > 0, got -1"),
        ("projected_gradient", 0.0, r"stop\.projected_gradient must be > 0"),
        ("tol", -1e-9, r"stop\.tol must be >= 0, got -1e-09"),
        ("target", math.inf, r"stop\.target must be a finite number or null, got inf"),
        ("max_steps", 0, r"stop\.max_steps must be a whole number >= 1, got 0"),
        ("max_steps", 2.5, r"stop\.max_steps must be a whole number >= 1, got 2\.5"),
        ("validation", 0, r"stop\.validation must be a whole number >= 1, got 0"),
        ("validation", True, r"stop\.validation must be a whole number >= 1, got True"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_key(
    key: str, value: object, says: str
) -> None:
    """The message names the config key and the value got."""
    with pytest.raises(ValueError, match=says):
        only(**{"max_steps": 5} | {key: value})
