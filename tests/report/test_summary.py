"""The report's first words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Prose, Section, Sentence
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.advice import without_draws
from nmflab.report.sections.summary.complete import statuses
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.recommended import recommended
from nmflab.report.sections.summary.section import headline


def sentences(study: Any, **how: Any) -> Sequence[Sentence]:
    """Return the headline of a study."""
    with study.read(**how) as store:
        planned = gather(store)
        material = without_draws(planned)
        return headline(Findings(planned, material, group_runs(material)))


def said(study: Any, **how: Any) -> str:
    """Return the headline of a study as one text."""
    return " ".join(sentence.text for sentence in sentences(study, **how))


def give(study: Any, solver: str, *objectives: float, **labels: Any) -> None:
    """Record a solver's finished runs, a seed each."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for seed, value in enumerate(objectives):
        record = {"fingerprint": fingerprint, "objective_value": value}
        study.run(
            {**record, "objective_start": 50.0}, solver=solver, seed=seed, **labels
        )


def test_an_empty_study_says_so(study: Any) -> None:
    """No run was planned, so nothing can be said."""
    text = said(study)
    assert "no run was planned" in text
    assert "No conclusion can be drawn" in text


def test_one_run_allows_no_conclusion(study: Any) -> None:
    """A single run is told, and that it settles nothing."""
    give(study, "mu", 3.0)
    assert "one run, so no conclusion" in said(study)


def test_the_lowest_is_named_with_its_spread(study: Any) -> None:
    """The winner, the next, and the spread of both."""
    give(study, "mu", 3.0, 3.1, 3.2)
    give(study, "hals", 2.0, 2.1, 2.2)
    text = said(study)
    assert "On data with 2 components and init random, use hals: it" in text
    assert "reached the lowest objective, 2.1 ± 0.1 over 3 seeds" in text
    assert "next came mu, 47.6 % above it, with 3.1 ± 0.1 over" in text


def test_differences_within_the_spread_are_called_a_tie(study: Any) -> None:
    """Two solvers a tenth of a spread apart are not ordered."""
    give(study, "mu", 3.0, 4.0, 5.0)
    give(study, "hals", 3.1, 4.1, 5.1)
    text = said(study)
    assert "mu and hals tie for the lowest objective" in text
    assert "differ by 2.5 %, within the spread over seeds" in text


def test_single_runs_are_told_to_be_chance(study: Any) -> None:
    """Without seeds a difference may be chance."""
    give(study, "mu", 3.0)
    give(study, "hals", 2.0)
    text = said(study)
    assert "chance cannot be ruled out" in text
    assert "nothing is known of its spread" in text


def test_each_size_of_a_few_has_its_sentence(study: Any) -> None:
    """Up to three sizes of one data set are told one by one."""
    for size in (2, 3):
        give(study, "mu", 3.0, n_components=size)
        give(study, "hals", 2.0, n_components=size)
    text = said(study)
    assert "On data with 2 components and init random, use hals" in text
    assert "On data with 3 components and init random, use hals" in text


def test_many_sizes_are_counted(study: Any) -> None:
    """Places reached, alone and tied, add up to the number of comparisons."""
    for size in (2, 3, 4, 5):
        give(study, "mu", 3.0 if size < 5 else 2.0, n_components=size)
        give(study, "hals", 2.0, n_components=size)
    text = said(study)
    assert "Over 4 sizes of data and init random" in text
    assert "hals in 4 of 4 (alone in 3) and mu in 1 of 4; 1 tie." in text


def test_many_data_sets_are_counted(study: Any) -> None:
    """Of more than three data sets none has a sentence of its own."""
    for name in "abcd":
        fingerprint = study.dataset(name, Dataset(X=np.full((3, 3), ord(name))))
        for solver, value in (("mu", 3.0), ("hals", 2.0)):
            record = {"fingerprint": fingerprint, "objective_value": value}
            study.run(record, dataset=name, solver=solver)
    text = said(study)
    assert "Over 4 comparisons, the lowest objective was reached" in text
    assert "hals in 4 of 4 (alone in 4); no ties." in text


def test_the_cheapest_of_those_tied_is_named(study: Any) -> None:
    """Where no error tells two apart, processor time may."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for solver, cpu in (("mu", 9.0), ("hals", 3.0)):
        for seed in range(2):
            record = {"fingerprint": fingerprint, "objective_value": 2.0}
            study.run({**record, "cpu_seconds": cpu}, solver=solver, seed=seed)
    assert "hals is the cheapest of them, with 3 s of" in said(study)


def test_exact_fits_are_counted_and_not_averaged(study: Any) -> None:
    """The mean of exact fits and poor optima is neither: shares are told."""
    give(study, "mu", *[2.0] * 9, 1e-20)
    give(study, "hals", *[1e-20] * 9, 2.0)
    text = said(study)
    assert "hals in 9 of 10 and mu in 1 of 10 seeds fit exactly" in text
    assert "Use hals." in text


def test_shares_of_exact_fits_that_chance_explains_are_no_order(study: Any) -> None:
    """2 of 3 against 1 of 3: the 95 % intervals overlap."""
    give(study, "mu", 2.0, 2.0, 1e-20)
    give(study, "hals", 2.0, 1e-20, 1e-20)
    assert "no difference can be told between hals" in said(study)


def test_failures_are_counted_by_what_became_of_them(study: Any) -> None:
    """Failed, skipped and left runs are each told of."""
    give(study, "mu", 3.0)
    study.run({"status": "error", "reason": "x"}, solver="b")
    study.run({"status": "oom", "reason": "x"}, solver="c")
    study.run({"status": "skipped", "reason": "x"}, solver="d")
    study.run({}, solver="e")
    text = said(study)
    assert (
        "1 of 5 planned runs finished (2 failed, 1 skipped as unfit, 1 not run yet)"
        in text
    )


def test_the_status_strip_counts_each_run_once(study: Any) -> None:
    """The counts by status add up to the planned."""
    give(study, "mu", 3.0)
    for status in ("error", "timeout", "oom", "crash", "invalid", "skipped"):
        study.run({"status": status, "reason": "x"}, solver=status)
    study.run({}, solver="later")
    with study.read() as store:
        strip = {s.label: s.count for s in statuses(gather(store), 0)}
    assert strip.pop("warnings") == 0
    assert strip.pop("planned") == 8
    assert set(strip.values()) == {1}


def test_zero_filling_is_told_at_the_top(study: Any) -> None:
    """Inventing data is never a footnote."""
    fingerprint = study.dataset("data", study.masked())
    changes = {"missing_as_zero": True}
    study.run({"fingerprint": fingerprint, "objective_value": 1.0}, changes=changes)
    assert "In 1 run missing cells were taken as 0" in said(study)


@pytest.mark.parametrize("kept", [True, False])
def test_stability_is_told_where_factors_were_kept(study: Any, kept: bool) -> None:
    """Without factors nothing is said of components."""
    if kept:
        fitted(study, seeds=2)
    else:
        give(study, "mu", 3.0, 3.1)
    assert ("Every seed found again" in said(study)) is kept


def fitted(study: Any, *, seeds: int, **labels: Any) -> None:
    """Record runs with factors of the ratings."""
    X = Dataset(X=study.RATINGS, column_names=study.FILMS)
    fingerprint = study.dataset("data", X)
    for seed in range(seeds):
        where = {"k": 2, "seed": seed, "steps": 2000, **labels}
        study.fitted(study.RATINGS, fingerprint=fingerprint, **where)


def test_seeds_that_meet_are_told_to_share_an_optimum(study: Any) -> None:
    """Three converged seeds of one problem with one optimum."""
    fitted(study, seeds=3, record={"kappa": 1e-12})
    assert "all 3 seeds ended at the same optimum" in said(study)


def test_seeds_that_did_not_converge_are_not_counted(study: Any) -> None:
    """Stopped early, three seeds look like three optima."""
    fitted(study, seeds=3, record={"kappa": 1.0})
    assert "none of 3 seeds had converged, so it cannot be said" in said(study)


def test_optima_of_many_settings_are_counted(study: Any) -> None:
    """In how many all seeds met, and in how many none had converged."""
    for k, kappa in ((1, 1e-12), (2, 1e-12), (3, 1.0)):
        fitted(study, seeds=2, k=k, record={"kappa": kappa})
    assert (
        "Of the 3 settings counted, in 2 all converged seeds ended at one optimum; in 1"
        " no seed had converged."
    ) in said(study)


def test_components_are_told_by_their_features(study: Any) -> None:
    """The strongest of them, with its share and what weighs most in it."""
    fitted(study, seeds=1)
    text = said(study)
    assert "Of mu from random on data, component" in text
    assert "% of the whole) is led by Dune, Casablanca" in text


def test_features_without_names_are_told_as_such(study: Any) -> None:
    """Numbers of columns mean nothing to a reader."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0)
    assert "The features of the data have no names" in said(study)


def test_the_price_of_better_features_is_told(study: Any) -> None:
    """Lowest error beside highest sparseness, and what the second costs."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for solver, error, sparse in (("mu", 0.2, 0.5), ("sparse", 0.3, 0.9)):
        study.run(
            {"fingerprint": fingerprint, "objective_value": error},
            metrics={"relative_error": error, "hoyer_sparseness_H": sparse},
            solver=solver,
        )
    text = said(study)
    assert "mu from random has the lowest relative error, 0.2, and a Hoyer" in text
    assert "the highest, 0.9, is that of sparse from random, at an error 50 % " in text


def test_features_that_differ_by_chance_are_told_alike(study: Any) -> None:
    """No setting is called the sparsest for a thousandth."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for solver, sparse in (("mu", 0.5), ("hals", 0.5004)):
        study.run(
            {"fingerprint": fingerprint, "objective_value": 1.0},
            metrics={"relative_error": 0.2, "hoyer_sparseness_H": sparse},
            solver=solver,
        )
    assert "as have all 2 settings within the spread" in said(study)


def test_sizes_alone_choose_none(study: Any) -> None:
    """The fall of the error is told, and that it is no criterion."""
    for size, value in ((2, 3.0), (5, 1.0)):
        give(study, "mu", value, value, n_components=size)
    text = said(study)
    assert "The best objective goes from 3 with 2 to 1 with 5 components" in text
    assert "nothing in this study says which size to use" in text


def split(study: Any, errors: dict[int, list[float]], **metrics: float) -> None:
    """Record runs of several sizes on folds, with an error on their test cells."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((4, 4))))
    for size, values in errors.items():
        for fold, value in enumerate(values):
            study.run(
                {"fingerprint": fingerprint, "objective_value": 1.0},
                metrics={"held_out_rmse": value, **metrics},
                split=f"k_folds(fold={fold})",
                changes={"split": {"name": "k_folds", "fold": fold}},
                n_components=size,
            )


def test_the_smallest_size_within_one_standard_error_is_told(study: Any) -> None:
    """Lowest at 3, 1.0 ± 0.2 over 4 folds: 2, at 1.05, is within 0.1 of it."""
    split(
        study,
        {
            1: [2.0, 2.2, 1.8, 2.0],
            2: [1.05, 1.25, 0.85, 1.05],
            3: [1.0, 1.24494897, 0.75505103, 1.0],
        },
    )
    text = said(study)
    assert "the held-out RMSE of data, k_folds is lowest at 3: 1 ± 0.2 over 4" in text
    assert "2 is the smallest within one standard error of that" in text


def test_the_size_that_validation_chose_is_told(study: Any) -> None:
    """In how many folds each; the test error is that of the chosen, not the lowest."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((4, 4))))
    for fold in range(2):
        for size, validation, test in ((2, 0.5, 3.0), (3, 0.9, 1.0)):
            study.run(
                {
                    "fingerprint": fingerprint,
                    "objective_value": 1.0,
                    "validation": validation,
                },
                metrics={"held_out_rmse": test},
                split=f"k_folds(fold={fold})",
                changes={"split": {"name": "k_folds", "fold": fold}},
                n_components=size,
            )
    text = said(study)
    assert "cells of data, k_folds chose 2 in 2 of 2 folds, for mu from random" in text
    assert "(n_components 2; chosen by validation out of 2) reaches 3 over 2" in text


@pytest.mark.parametrize(
    ("baseline", "verdict"),
    [
        (2.0, "the model's is 50 % lower, better in 2 of 2 folds"),
        (0.5, "it does better, the model's is 100 % higher"),
        (1.0005, "no difference can be told"),
    ],
)
def test_the_model_is_held_against_the_best_baseline(
    study: Any, baseline: float, verdict: str
) -> None:
    """Also where the baseline wins, and where neither does."""
    metrics = {"rating_baselines_biases_rmse": baseline}
    split(study, {2: [1.0, 1.0]}, **metrics, rating_baselines_mean_rmse=9.0)
    text = said(study)
    assert "mu from random reaches 1 over 2 folds (RMSE)" in text
    assert "baseline without factors, Biases, has" in text
    assert verdict in text


def test_a_choice_among_models_by_test_cells_is_told(study: Any) -> None:
    """Without validation cells the best of two is the best by the test itself."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((4, 4))))
    for solver, value in (("mu", 1.0), ("hals", 2.0)):
        study.run(
            {"fingerprint": fingerprint, "objective_value": 1.0},
            metrics={"held_out_rmse": value},
            split="holdout",
            solver=solver,
            changes={"split": {"name": "holdout"}},
        )
    text = said(study)
    assert "mu from random reaches 1 (RMSE), the best of 2 models by these" in text


def test_sentences_stand_under_their_questions_in_order(study: Any) -> None:
    """What to use, how sure, what it means, how to get it again; each with a target."""
    fitted(study, seeds=2)
    found = sentences(study)
    assert list(dict.fromkeys(sentence.topic for sentence in found)) == [
        "What to use",
        "How sure that is",
        "What the features mean",
        "How to get the same numbers",
    ]
    assert all(sentence.target for sentence in found)


def test_the_way_to_the_same_numbers_is_told(study: Any) -> None:
    """The command, the versions, and that the code had changes of its own."""
    give(study, "mu", 3.0)
    text = said(study)
    assert "nmflab reproduce study runs this study again" in text
    assert "nmflab 0.1.0, numpy 2.0.0" in text
    assert "changes that were not committed" in text


def test_the_table_names_lowest_cheapest_and_most_stable(study: Any) -> None:
    """A row a data set and size; of two that tie the one that took less time."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for solver, value, cpu in (("a", 2.0, 9.0), ("b", 2.001, 3.0), ("c", 4.0, 1.0)):
        record = {"fingerprint": fingerprint, "objective_value": value}
        study.run({**record, "cpu_seconds": cpu}, solver=solver)
    with study.read() as store:
        material = gather(store)
        table = recommended(Findings(material, material, group_runs(material)))
    assert table is not None
    [row] = table.rows
    assert [cell.text for cell in row] == [
        "data",
        "2",
        "a and b",
        "b",
        "–",
    ]
    assert row[2].detail == "2 of 3 tie"


def test_runs_that_ended_at_a_limit_are_told_at_the_top(study: Any) -> None:
    """Runs that had not converged are counted, with the limit they met."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for seed, stop in enumerate(("max_steps", "kkt")):
        record = {"fingerprint": fingerprint, "objective_value": 1.0, "stop": stop}
        study.run(record, seed=seed)
    text = said(study)
    assert "1 of 2 finished runs stopped at stop.max_steps: it had not" in text


def test_errors_over_different_cells_say_which(study: Any) -> None:
    """Relative errors of all and of observed cells never stand side by side unnamed."""
    for solver, cells in (("hals", "all"), ("mu", "observed")):
        name = f"relative_error_{cells}"
        fingerprint = study.dataset(solver, Dataset(X=study.RATINGS + len(solver)))
        study.run(
            {"fingerprint": fingerprint, "objective_value": 1.0},
            metrics={name: 0.25},
            dataset=solver,
            solver=solver,
        )
    text = said(study)
    assert "hals from random 0.25 over all cells" in text
    assert "mu from random 0.25 over observed cells" in text


def test_different_starts_are_named_with_the_solver(study: Any) -> None:
    """Which start to use is part of the answer."""
    for init, value in (("random", 3.0), ("nndsvd", 2.0)):
        give(study, "hals", value, init=init)
    text = said(study)
    assert "with 2 components, use hals from nndsvd: it reached the lowest" in text
    assert "next came hals from random, 50 % above it" in text


def test_many_ties_are_told_by_their_cost(study: Any) -> None:
    """Where errors decide nothing, who was cheapest how often does."""
    for name in "abcd":
        fingerprint = study.dataset(name, Dataset(X=np.full((3, 3), ord(name))))
        for solver, cpu in (("mu", 3.0), ("hals", 2.0)):
            record = {"fingerprint": fingerprint, "objective_value": 1.0}
            record["cpu_seconds"] = cpu
            study.run(record, dataset=name, solver=solver)
    assert (
        "In 4 ties, the cheapest by processor time of those that tied was hals."
        in said(study)
    )


def test_what_was_tested_over_data_sets_is_quoted(study: Any) -> None:
    """The lead of the comparisons, where they are of several data sets."""
    give(study, "mu", 3.0)
    quoted = Section("comparisons", "How sure", [Prose("Over 9 data sets, mu leads.")])
    alone = Section("comparisons", "How sure", [Prose("One data set: no test.")])
    with study.read() as store:
        material = gather(store)
        found = Findings(material, material, group_runs(material))
        texts = [
            [sentence.text for sentence in headline(found, [section])]
            for section in (quoted, alone)
        ]
    assert "Over 9 data sets, mu leads." in texts[0]
    assert "One data set: no test." not in texts[1]
