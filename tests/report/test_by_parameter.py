"""Parameters that were swept: which, along what, and how they are drawn."""

from typing import Any

import pytest

from nmflab.report.content import Figure, Section
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.measures import error_measure
from nmflab.report.reading.parameters import Swept, swept_parameters
from nmflab.report.sections.by_parameter import by_parameter_section

PENCIL = Pencil({}, ["random"])


def give(study: Any, error: float, worth: float = 0.0, **nodes: Any) -> None:
    """Record one run whose nodes are these beside the usual ones."""
    features = {"hoyer_sparseness_H": 0.5 + worth / 10} if worth else {}
    usual = {
        "dataset": {"name": "data"},
        "weighting": {"name": "none"},
        "objective": {"loss": "frobenius", "l2_W": 0.0, "l2_H": 0.0},
        "split": {"name": "none"},
        "init": {"name": "random"},
        "solver": {"name": "mu", "alpha": 1.0, "accelerate": False},
    }
    changes = {name: {**node, **nodes.get(name, {})} for name, node in usual.items()}
    told = [f"{key}={value}" for node in nodes.values() for key, value in node.items()]
    label = f"mu({', '.join(told)})"
    study.run(
        {"fingerprint": "f", "objective_value": error},
        metrics={"relative_error": error, **features},
        changes=changes,
        solver=label if "solver" in nodes else "mu",
        objective=label if "objective" in nodes else "frobenius",
        split=label if "split" in nodes else "none",
        dataset=label if "dataset" in nodes else "data",
        n_components=int(nodes.get("n_components", 2)),
    )


def swept(study: Any) -> list[Swept]:
    """Return what was swept in a study."""
    with study.read() as store:
        material = gather(store)
        return swept_parameters(material, group_runs(material))


def section(study: Any) -> Section | None:
    """Return the section on a study's parameters."""
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        error = error_measure(groups, material.info)
        return by_parameter_section(material, groups, error, PENCIL)


def test_a_swept_number_is_found_with_its_values(study: Any) -> None:
    """Whatever the labels say, the configuration holds it as a number."""
    for alpha in (10.0, 0.1, 1.0):
        give(study, alpha, solver={"alpha": alpha})
    [one] = swept(study)
    assert (one.title, one.plugin, one.values) == ("solver.alpha", "mu", [0.1, 1, 10])


def test_switches_and_words_are_no_numbers(study: Any) -> None:
    """A flag has no axis to stand on."""
    for flag in (False, True):
        give(study, 1.0, solver={"accelerate": flag})
    assert swept(study) == []


def test_parameters_that_move_together_are_one(study: Any) -> None:
    """Two penalties always set to the same number have one chart."""
    for weight in (0.0, 0.1):
        give(study, 1.0, objective={"l2_W": weight, "l2_H": weight})
    [one] = swept(study)
    assert one.title == "objective.l2_W = l2_H"


def test_settings_that_differ_in_more_are_on_no_curve(study: Any) -> None:
    """Where another parameter changed too, the difference is not this one's."""
    give(study, 1.0, solver={"alpha": 0.1, "beta": 1.0})
    give(study, 2.0, solver={"alpha": 1.0, "beta": 2.0})
    assert swept(study) == []


def test_seeds_and_folds_are_draws_and_no_parameters(study: Any) -> None:
    """They are averaged, never an axis."""
    for fold in range(3):
        give(study, 1.0, split={"name": "k_folds", "fold": fold})
    assert swept(study) == []


def test_a_number_swept_over_folds_has_one_point_a_value(study: Any) -> None:
    """The mean of its folds, with their ends."""
    for fold in range(2):
        for alpha in (0.1, 1.0):
            split = {"name": "k_folds", "fold": fold}
            give(study, alpha + fold, solver={"alpha": alpha}, split=split)
    made = section(study)
    assert made is not None
    figure = made.blocks[1]
    assert isinstance(figure, Figure)
    rows = figure.spec["datasets"]["rows"]
    found = {row["x"]: (row["low"], row["value"], row["high"]) for row in rows}
    assert found[0.1] == pytest.approx((0.1, 0.6, 1.1))
    assert found[1.0] == pytest.approx((1.0, 1.5, 2.0))


def test_parameters_of_data_join_data_sets(study: Any) -> None:
    """Noise that was swept makes other data of each value: they share a panel."""
    for noise in (0.01, 0.1, 1.0):
        give(study, noise, dataset={"name": "synthetic", "noise": noise})
    made = section(study)
    assert made is not None
    figure = made.blocks[1]
    assert isinstance(figure, Figure)
    assert figure.title == "Relative error against dataset.noise of synthetic"
    assert len({row["panel"] for row in figure.spec["datasets"]["rows"]}) == 1


def test_values_over_decades_stand_on_a_log_axis(study: Any) -> None:
    """Tenfold steps are equally far apart."""
    for alpha in (0.01, 0.1, 1.0):
        give(study, alpha, solver={"alpha": alpha})
    made = section(study)
    assert made is not None
    figure = made.blocks[1]
    assert isinstance(figure, Figure)
    across = figure.spec["layer"][1]["encoding"]["x"]
    assert across["scale"]["type"] == "log"


def test_features_are_drawn_on_axes_of_their_own(study: Any) -> None:
    """Errors may span decades where a share between 0 and 1 does not."""
    for alpha in (0.01, 0.1, 1.0):
        give(study, alpha**3, solver={"alpha": alpha}, worth=alpha)
    made = section(study)
    assert made is not None
    errors, features = made.blocks[1:]
    assert isinstance(errors, Figure)
    assert isinstance(features, Figure)
    assert features.title == "Hoyer sparseness H against solver.alpha of mu"
    axes = [
        one.spec["layer"][2]["encoding"]["y"]["scale"] for one in (errors, features)
    ]
    assert [axis.get("type") for axis in axes] == ["log", None]


@pytest.mark.parametrize("n", [0, 1])
def test_without_a_sweep_there_is_no_section(study: Any, n: int) -> None:
    """One value is no sweep."""
    for _ in range(n):
        give(study, 1.0)
    assert section(study) is None
