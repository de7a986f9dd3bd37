"""Which components come back from other seeds."""

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.stability.matching import Stability, stabilities
from nmflab.report.sections.stability.section import _below, sentence

LABELS = {"dataset": "data", "init": "random", "n_components": 3}
GROUP = Group(LABELS, "mu", 0, ("a", "b"), "a", None, None, None, None, None)


def recorded(study: Any, *Hs: np.ndarray) -> list[Stability]:
    """Return the stability of runs with these components; the first is the best."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((4, Hs[0].shape[1]))))
    for seed, H in enumerate(Hs):
        study.run(
            {"fingerprint": fingerprint, "objective_value": 1.0 + seed},
            arrays={"W": np.ones((4, len(H))), "H": H},
            seed=seed,
            n_components=len(H),
        )
    with study.read() as store:
        material = gather(store)
        return stabilities(material, group_runs(material))


def test_permuted_and_scaled_components_are_stable(study: Any) -> None:
    """Order and scale of components carry no meaning; cosines are 1 to rounding."""
    H = np.random.default_rng(0).random((3, 6))
    (one,) = recorded(study, H, 5 * H[[2, 0, 1]])
    np.testing.assert_allclose(one.cosines, 1.0, atol=1e-12)
    assert one.stable.all()


def test_a_component_that_is_replaced_is_not_stable(study: Any) -> None:
    """One of three axes is swapped for an unused one: that component is lost."""
    H = np.eye(3, 6)
    other = np.eye(6)[[0, 1, 5]]
    (one,) = recorded(study, H, other, H)
    assert one.stable.tolist() == [True, True, False]
    assert one.found.tolist() == [2, 2, 1]


def test_one_seed_has_no_stability(study: Any) -> None:
    """There is nothing to compare a single run with."""
    assert recorded(study, np.eye(3)) == []


@pytest.mark.parametrize(
    ("cosines", "text"),
    [
        ([[1.0, 0.95, 1.0]], "all 3 components are stable (found in each of 1 other"),
        ([[1.0, 0.5, 1.0], [1.0, 0.95, 1.0]], "not stable: component 2 (in 1 of 2)"),
        ([[0.1, 0.2, 0.3]], "none of 3 components is stable"),
    ],
)
def test_the_sentence_names_what_is_not_stable(
    cosines: list[list[float]], text: str
) -> None:
    """Components are numbered from 1, as in the tables of factors."""
    assert text in sentence(Stability(GROUP, np.array(cosines)))


def test_a_cosine_just_below_the_threshold_is_not_rounded_up_to_it() -> None:
    """0.8996 beside "from 0.9 on" would read as 0.9."""
    assert [_below(value) for value in (0.65, 0.8996, 0.89996)] == [
        "0.65",
        "0.8996",
        "0.89996",
    ]
