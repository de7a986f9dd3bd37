"""What a reader must know before believing a number."""

from typing import Any

import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.warnings.section import n_warnings, warnings_section


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


def test_taking_zeros_as_missing_is_red(study: Any) -> None:
    """How many cells are unknown for that reason, and how to say otherwise."""
    fingerprint = study.dataset("data", study.masked(), zeros="missing")
    mask = study.RATINGS > 0
    study.fitted(study.RATINGS, mask, fingerprint=fingerprint, k=1, seed=0)
    first = warned(study)[0]
    assert first.tone == "danger"
    assert first.text.startswith("data: 7 cells of 20 are unknown, because zeros were")


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
        ({"warnings": ["took 3 tries"]}, "took 3 tries (1 run; dataset data;"),
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
    assert any(
        "n_components 2: 1 column with fewer known cells" in text for text in texts
    )


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("none", "1 row and 3 columns with fewer known cells."),
        ("kfolds(fold=0)", "1 row and 3 columns with fewer training cells"),
    ],
)
def test_unidentified_lines_are_those_the_metric_counted(
    study: Any, split: str, said: str
) -> None:
    """The worst seed's; with a split the cells it holds out are not counted."""
    fingerprint = study.dataset("data", study.masked())
    for seed, columns in ((0, 2.0), (1, 3.0)):
        study.fitted(
            study.RATINGS,
            study.RATINGS > 0,
            fingerprint=fingerprint,
            k=2,
            seed=seed,
            split=split,
            metrics={"unidentified_rows": 1.0, "unidentified_columns": columns},
        )
    texts = [block.text for block in warned(study)]
    assert sum("not identified" in text for text in texts) == 1
    assert any(said in text for text in texts)


def test_folds_are_told_together(study: Any) -> None:
    """One sentence a data set and size, from the best fold to the worst."""
    fingerprint = study.dataset("data", study.masked())
    for fold, columns in enumerate((2.0, 4.0)):
        study.fitted(
            study.RATINGS,
            study.RATINGS > 0,
            fingerprint=fingerprint,
            k=2,
            seed=0,
            split=f"kfolds(fold={fold})",
            metrics={"unidentified_rows": 1.0, "unidentified_columns": columns},
        )
    (said,) = [one.text for one in warned(study) if "not identified" in one.text]
    assert "data, n_components 2: 1 row and 2 to 4 columns with fewer" in said


def test_where_the_metric_counts_none_no_line_is_unidentified(study: Any) -> None:
    """It knows of pruned components; the number of known cells does not."""
    fingerprint = study.dataset("data", study.masked())
    study.fitted(
        study.RATINGS,
        study.RATINGS > 0,
        fingerprint=fingerprint,
        k=2,
        seed=0,
        metrics={"unidentified_rows": 0.0, "unidentified_columns": 0.0},
    )
    assert [block.text for block in warned(study)] == ["None."]


def test_with_a_split_known_cells_are_a_lower_bound(study: Any) -> None:
    """Without the metric it is said that the split held out some of them."""
    fingerprint = study.dataset("data", study.masked())
    mask = study.RATINGS > 0
    study.fitted(
        study.RATINGS, mask, fingerprint=fingerprint, k=2, seed=0, split="kfolds"
    )
    texts = [block.text for block in warned(study)]
    assert any("before the split held some out (so at least" in text for text in texts)


def test_means_over_fewer_runs_are_warned_of(study: Any) -> None:
    """Runs that were lost are counted by how, and skipped ones are not among them."""
    study.run({"objective_value": 1.0})
    study.run({"status": "timeout", "reason": "no answer in 60 s"}, seed=1)
    study.run({"status": "error", "reason": "it raised"}, seed=2)
    study.run({"status": "skipped", "reason": "does not fit"}, seed=3)
    (block,) = warned(study)
    assert block.tone == "warning"
    assert block.text.startswith("2 of 3 runs did not finish (timeout 1 and error 1;")
    assert "retry=error,timeout" in block.text


def test_a_sweep_that_was_stopped_is_warned_of(study: Any) -> None:
    """Planned runs without a row are told of, and how to make them."""
    study.run({"objective_value": 1.0})
    study.run({}, seed=1)
    (block,) = warned(study)
    assert block.text.startswith("1 of 2 planned runs was not made")


def test_the_limit_that_was_reached_is_told(study: Any) -> None:
    """With its value and its key."""
    study.run({"objective_value": 1.0, "stop": "max_steps"})
    (block,) = warned(study)
    assert "Raise stop.max_steps (now 200)." in block.text


def test_components_found_twice_are_warned_of(study: Any) -> None:
    """By the metric duplicate_components, where it was measured."""
    for seed, n in ((0, 0.0), (1, 2.0)):
        study.run(
            {"objective_value": 1.0}, seed=seed, metrics={"duplicate_components": n}
        )
    (block,) = warned(study)
    assert block.text.startswith("1 run found a component twice, up to 2 of them")


@pytest.mark.parametrize(
    ("seconds", "threads", "is_warned"),
    [(3.0, 1, True), (1.1, 1, False), (3.0, 2, False)],
)
def test_a_busy_machine_shows_in_the_clocks(
    study: Any, seconds: float, threads: int, is_warned: bool
) -> None:
    """A run of one thread whose wall clock outran its CPU clock had to wait."""
    times = {"seconds": seconds, "cpu_seconds": 1.0, "threads": threads}
    study.run({"objective_value": 1.0, **times})
    texts = [block.text for block in warned(study)]
    assert any("waited for the processor" in text for text in texts) is is_warned


def test_plugins_that_were_not_loaded_are_warned_of(study: Any) -> None:
    """Which, of what, and why."""
    failure = {
        "entry_point": "solver.bad",
        "distribution": "nmf-bad",
        "version": "1.2",
        "reason": "it needs torch",
        "lost": ["solver bad"],
    }
    study.run({"objective_value": 1.0})
    with study.read(plugin_failures=[failure]) as store:
        material = gather(store)
        (block,) = warnings_section(material, group_runs(material)).blocks
    said = "solver.bad (nmf-bad 1.2): it needs torch (lost with it: solver bad)"
    assert block.text.startswith(f"1 plugin could not be loaded. {said}.")


def test_the_gravest_stand_first(study: Any) -> None:
    """Red before orange before notes, whatever they are about."""
    study.run({"objective_value": 1.0, "n_reseeded": 1}, problems={"uci": "no tokens"})
    study.run({"objective_value": 1.0, "beside": 1}, seed=1)
    study.run({"status": "invalid", "reason": "W holds -3"}, seed=2)
    tones = [block.tone for block in warned(study)]
    assert tones == ["danger", "warning", "note", "note"]


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
