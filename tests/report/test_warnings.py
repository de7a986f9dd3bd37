"""What a reader must know before believing a number."""

from typing import Any

import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.warnings import n_warnings, warnings_section


def warned(study: Any) -> list[Any]:
    """Return the paragraphs of the warnings section."""
    with study.read() as store:
        material = gather(store)
        return list(warnings_section(material, group_runs(material)).blocks)


def test_a_clean_study_has_no_warnings(study: Any) -> None:
    """Nothing to warn of is said in one word."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0)
    assert [block.text for block in warned(study)] == ["None."]


def test_taking_missing_cells_as_zero_is_red(study: Any) -> None:
    """It is the gravest, and stands first."""
    fingerprint = study.dataset("data", study.masked())
    changes = {"missing_as_zero": True}
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0, changes=changes)
    first = warned(study)[0]
    assert first.tone == "danger"
    assert "missing_as_zero=true" in first.text


def test_missing_as_zero_on_complete_data_is_no_warning(study: Any) -> None:
    """Where nothing is missing the setting does nothing."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    changes = {"missing_as_zero": True}
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0, changes=changes)
    assert [block.text for block in warned(study)] == ["None."]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"n_active": 1}, "1 run ended with dead components, up to 1 of them"),
        ({"beside": 2}, "1 run shared the machine"),
        ({"stop": "max_steps"}, "1 of 1 finished runs ended at a limit (max_steps)"),
        ({"warnings": ["took 3 tries"]}, "took 3 tries (1 run)"),
    ],
)
def test_what_a_run_recorded_is_warned_of(
    study: Any, record: dict[str, Any], text: str
) -> None:
    """Dead components, shared machines, limits and the run's own words."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0, record=record)
    (block,) = warned(study)
    assert block.tone == "warning"
    assert text in block.text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 component was re-seeded in 1 run"),
        (2, "2 components were re-seeded in 1 run"),
    ],
)
def test_reseeded_components_are_told(study: Any, n: int, text: str) -> None:
    """A note: the run went on, but not from its start alone."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(
        study.RATINGS, fingerprint=fingerprint, k=2, seed=0, record={"n_reseeded": n}
    )
    (block,) = warned(study)
    assert block.tone == "note"
    assert block.text.startswith(text)


def test_unidentified_cells_are_warned_of(study: Any) -> None:
    """At two components, one column of the ratings has too few cells."""
    fingerprint = study.dataset("data", study.masked())
    mask = study.RATINGS > 0
    study.fitted(study.RATINGS, mask, fingerprint=fingerprint, k=2, seed=0)
    texts = [block.text for block in warned(study)]
    assert any("1 column with fewer than 2 observed cells" in text for text in texts)


def test_metrics_without_a_value_say_why(study: Any) -> None:
    """They are notes: nothing is wrong with the run."""
    problems = {"coherence": "not applicable: needs tokens"}
    study.run({"objective_value": 1.0}, problems=problems)
    (block,) = warned(study)
    assert block.tone == "note"
    assert block.text == (
        "Metric coherence has no value in 1 run: not applicable: needs tokens"
    )


def test_invalid_runs_are_red(study: Any) -> None:
    """Factors that failed the checks are not ranked, and the reader is told."""
    study.run({"status": "invalid", "reason": "W holds -3"}, solver="liar")
    (block,) = warned(study)
    assert (block.tone, "solver liar" in block.text) == ("danger", True)


def test_only_true_warnings_are_counted(full_study: Any) -> None:
    """Notes are not warnings."""
    from nmflab.store import Store

    with Store.open(full_study) as store:
        material = gather(store)
        section = warnings_section(material, group_runs(material))
    tones = [block.tone for block in section.blocks if hasattr(block, "tone")]
    assert n_warnings(section) == tones.count("warning") + tones.count("danger") > 0
