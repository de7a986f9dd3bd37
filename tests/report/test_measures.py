"""Which metric is the error, which the sparseness."""

from nmflab.report.reading.groups import Group, Stat
from nmflab.report.reading.measures import (
    error_measure,
    hint,
    sparseness_measure,
    words,
)

ONE = Stat(1, 0.5, None, 0.5, 0.5)


def measured(*names: str) -> list[Group]:
    """Return a group in which these metrics were measured."""
    metrics = dict.fromkeys(names, ONE)
    return [Group({}, "a", 0, ("k",), "k", ONE, None, None, None, None, metrics)]


def test_the_relative_error_is_preferred() -> None:
    """Where it was measured it is drawn."""
    measure = error_measure(measured("rmse", "relative_error"), {})
    assert measure.names == ("relative_error",)


def test_without_it_the_objective_is_drawn() -> None:
    """Every run has an objective."""
    groups = measured("rmse")
    measure = error_measure(groups, {})
    assert (measure.title, measure.of(groups[0])) == ("Objective", ONE)


def test_sparseness_of_the_components_comes_first() -> None:
    """It says how readable the components are."""
    groups = measured("hoyer_sparseness_W", "hoyer_sparseness_H")
    found = sparseness_measure(groups, {})
    assert found is not None
    assert found.names == ("hoyer_sparseness_H",)
    assert sparseness_measure(measured("rmse"), {}) is None


def test_each_kind_of_cells_has_its_own_name_for_the_same_error() -> None:
    """Masked and complete data are each told by the error of the cells they fit."""
    names = (
        "relative_error_all",
        "relative_error_test",
        "relative_error_train_observed",
    )
    complete, masked = measured("relative_error_all"), measured(names[2])
    measure = error_measure([*complete, *masked, *measured(names[1])], {})
    assert measure.names == (names[0], names[2])
    assert measure.title == "Relative error"
    assert measure.of(complete[0]) == measure.of(masked[0]) == ONE


def test_a_suffixed_metric_has_its_parents_unit() -> None:
    """What is known of a metric holds for the values it names by suffix."""
    about = {"unit": "dimensionless", "direction": "higher", "doc": "``Sparse``."}
    info = {"hoyer": about}
    found = sparseness_measure(measured("hoyer_H"), info)
    assert found is not None
    assert found.title == "Hoyer H, dimensionless"
    assert hint("hoyer_H", info) == "Sparse. Unit: dimensionless. Higher is better."


def test_a_metric_nobody_knows_any_more_keeps_its_name() -> None:
    """A plugin that is gone costs the unit, nothing else."""
    assert (words("gone_all"), hint("gone", {})) == ("Gone (all cells)", "")
