"""The section that says how sure the comparisons are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import (
    Block,
    Bullets,
    Details,
    Figure,
    Heading,
    Prose,
    Section,
    Table,
)
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.drawing.theme import colours
from nmflab.report.formats.figures import render_svg
from nmflab.report.reading.material import gather
from nmflab.report.sections.comparisons.section import comparisons_section
from nmflab.report.sections.held_out.section import families

X = np.arange(1.0, 13.0).reshape(4, 3)
METRICS = {
    "hoyer": {"direction": "higher", "range": [0.0, 1.0], "unit": "", "doc": "Hoyer."},
    "relative_error": {"direction": "lower", "unit": "", "doc": "Error."},
    "held_out": {"direction": "lower", "unit": "", "doc": "Held out."},
}
EFFECTS = {"a": 1.0, "b": 1.05, "c": 1.3}


def write(
    study: Any,
    n_datasets: int,
    effects: dict[str, float] = EFFECTS,
    *,
    n_seeds: int = 5,
    noise: float = 0.01,
    failed: Sequence[tuple[str, str]] = (),
    **labels: Any,
) -> Any:
    """Write runs whose objective is a data set's level times a solver's effect."""
    rng = np.random.default_rng(0)
    for d in range(n_datasets):
        fingerprint = study.dataset(f"d{d}", Dataset(X=X + d))
        for seed in range(n_seeds):
            start = rng.normal(0, noise)
            for solver, effect in effects.items():
                value = 10.0**d * effect * float(np.exp(start + rng.normal(0, noise)))
                where = {"dataset": f"d{d}", "solver": solver, "seed": seed, **labels}
                if (f"d{d}", solver) in failed:
                    study.run({"status": "timeout", "reason": "slow"}, **where)
                else:
                    fit(study, fingerprint, value, **where)
    return study


def fit(
    study: Any,
    fingerprint: str,
    value: float,
    record: dict[str, Any] | None = None,
    metrics: dict[str, float] | None = None,
    changes: dict[str, Any] | None = None,
    **labels: Any,
) -> None:
    """Write one run."""
    told = {"fingerprint": fingerprint, "objective_value": value, **(record or {})}
    told = {"objective_start": 100 * value, "start_hash": "0", **told}
    study.run(told, metrics=metrics or {}, changes=changes, **labels)


def section_of(study: Any) -> Section:
    """Return the section as the report has it."""
    with study.read(metric_info=METRICS) as store:
        material = gather(store)
        variants = sorted(set(material.finished["variant"]))
        pencil = Pencil(colours(variants), ["random"])
        return comparisons_section(material, pencil, families(material))


def flat(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield every block, folded ones too."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from flat(block.blocks)


def tables(section: Section) -> dict[str, Table]:
    """Return the tables by id."""
    return {b.id: b for b in flat(section.blocks) if isinstance(b, Table)}


def figures(section: Section) -> dict[str, Figure]:
    """Return the figures by id."""
    return {b.id: b for b in flat(section.blocks) if isinstance(b, Figure)}


def said(section: Section) -> str:
    """Return all sentences, folded ones but those on the method."""
    parts: list[str] = []
    blocks = [b for b in section.blocks if not _is_method(b)]
    for block in flat(blocks):
        if isinstance(block, Prose | Heading):
            parts.append(block.text)
        if isinstance(block, Bullets):
            parts += block.items
    return " ".join(parts)


def _is_method(block: Block) -> bool:
    return isinstance(block, Details) and block.summary == "How this was computed"


def column(table: Table, title: str) -> dict[str, str]:
    """Return one column by the first, with what stands below in brackets."""
    at = [one.title for one in table.columns].index(title)
    return {
        row[0].text: f"{row[at].text} ({row[at].detail})".replace(" ()", "")
        for row in table.rows
    }


def test_eight_data_sets_are_ranked_tested_and_drawn(study: Any) -> None:
    """Sentences first, then the table over data sets, then both figures."""
    section = section_of(write(study, 8))
    assert section.id == "comparisons"
    assert "Over 8 data sets, a has the best average rank by objective, 1 of 3" in said(
        section
    )
    over = tables(section)["comparison-objective"]
    assert column(over, "Average rank") == {"a": "1", "b": "2", "c": "3"}
    assert column(over, "p")["c"] == "0.016 (0.0078 before)"
    assert set(figures(section)) == {"ranks-objective", "differences-objective"}
    kinds = [type(block) for block in section.blocks[:5]]
    assert kinds == [Heading, Prose, Bullets, Table, Details]


def test_sentences_carry_size_interval_and_p_value(study: Any) -> None:
    """Each method against the one with the best rank."""
    text = said(section_of(write(study, 8)))
    (found,) = re.findall(r"c against a: [^.]*typically [^;]*; [^;]*", text) or [""]
    assert "p = 0.016 after Holm's correction; significant at 0.05" in text
    assert "95 % interval" in text
    assert "ahead on 0, tied on 0, behind on 8 of 8 data sets" in text
    assert found is not None


def test_few_data_sets_are_described_and_never_generalised(study: Any) -> None:
    """Four data sets: on these, and no word of better."""
    section = section_of(write(study, 4))
    text = said(section)
    assert "On these 4 data sets, a has the best average rank" in text
    assert "with 4 data sets no test can reach 0.05" in text
    assert "2 comparisons take 7 data sets" in text
    assert "better" not in text
    assert "p =" not in text
    assert "ranks-objective" not in figures(section)
    titles = [c.title for c in tables(section)["comparison-objective"].columns]
    assert "p" not in titles


def test_one_data_set_has_intervals_and_no_p_value(study: Any) -> None:
    """What is said is said of it alone."""
    section = section_of(write(study, 1))
    text = said(section)
    assert "On d0, a has the lowest objective of 3" in text
    assert "seeds give an interval for it, never a p-value" in text
    assert re.search(r"c: \d+ % higher \(95 % interval [\d.]+ % higher to", text)
    assert "no run of it is lower than any of a" in text
    assert set(tables(section)) == {"pairs-objective"}
    assert "Dataset" not in [
        c.title for c in tables(section)["pairs-objective"].columns
    ]


def test_two_seeds_are_too_few_for_an_interval(study: Any) -> None:
    """Words stand where the ends would, and nothing is drawn."""
    section = section_of(write(study, 1, n_seeds=2))
    cell = column(tables(section)["pairs-objective"], "Difference")["c"]
    assert cell.endswith("(too few seeds for an interval)")
    assert figures(section) == {}


def test_who_ties_with_the_first_is_said_with_it(study: Any) -> None:
    """A lowest mean alone would claim too much."""
    text = said(section_of(write(study, 1, {"a": 1.0, "b": 1.0004, "c": 1.3})))
    assert "On d0, a has the lowest objective of 3; b ties with it" in text


def test_single_runs_leave_chance_open(study: Any) -> None:
    """One run each bears no conclusion."""
    assert "in one run each" in said(section_of(write(study, 1, n_seeds=1)))


def test_equal_solvers_have_no_variation(study: Any) -> None:
    """Not nan, anywhere."""
    section = section_of(write(study, 8, {"a": 1.0, "b": 1.0, "c": 1.0}, noise=0.0))
    pairs = tables(section)["pairs-objective"]
    assert set(column(pairs, "Difference").values()) == {"0 (no variation)"}
    everything = said(section) + str([*tables(section).values()])
    assert "nan" not in everything.lower().replace("nan_", "")


def test_a_failure_is_a_loss_and_its_data_set_is_in_no_test(study: Any) -> None:
    """How it ended is said, and how many data sets are left."""
    section = section_of(write(study, 9, failed=[("d3", "c")]))
    behind = column(tables(section)["comparison-objective"], "Behind")
    assert behind["c"] == "9 (1 not finished)"
    text = said(section)
    assert "over the 8 of 9 data sets that every method finished" in text
    assert "not over d3 (c: 5 timeout)" in text


def test_a_solver_that_hardly_ever_finished_does_not_undo_the_others(
    study: Any,
) -> None:
    """It is named, and the rest is compared."""
    lost = [(f"d{d}", "c") for d in range(7)]
    section = section_of(write(study, 8, failed=lost))
    assert "c finished on 1 of 8 data sets" in said(section)
    assert set(column(tables(section)["comparison-objective"], "Ahead")) == {"a", "b"}


def test_solvers_asked_for_on_few_data_sets_meet_the_others_there(study: Any) -> None:
    """They do not take data sets from the tests of the others."""
    write(study, 8)
    fingerprint = study.dataset("d0", Dataset(X=X))
    for seed in range(5):
        fit(study, fingerprint, 2.0, dataset="d0", solver="rare", seed=seed)
    section = section_of(study)
    headings = [b.text for b in section.blocks if isinstance(b, Heading)]
    assert headings == ["Objective", "Objective: on d0"]
    first = tables(section)["comparison-objective-1"]
    assert set(column(first, "Ahead")) == set(EFFECTS)
    second = tables(section)["pairs-objective-2"]
    assert set(column(second, "Seeds")) == {"b", "c", "rare"}


def test_variants_of_one_source_are_called_so(study: Any) -> None:
    """Three draws of one recipe are not three data sets one might meet."""
    for seed in range(3):
        label = f"planted(seed={seed})" if seed else "planted"
        fingerprint = study.dataset(label, Dataset(X=X + seed))
        for solver, effect in EFFECTS.items():
            fit(study, fingerprint, effect, dataset=label, solver=solver)
    assert "Of the 3 data sets, 3 from planted" in said(section_of(study))


def test_pairs_that_do_not_share_their_start_are_said(study: Any) -> None:
    """The hash of the start tells."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for seed in range(5):
        for solver in ("a", "b"):
            begun = {"start_hash": solver if seed == 0 else "same"}
            fit(study, fingerprint, 1.0 + seed, begun, solver=solver, seed=seed)
    text = said(section_of(study))
    assert "In 1 of 5 cases the methods did not begin one seed at the same" in text


def test_runs_not_made_yet_are_no_failures(study: Any) -> None:
    """A data set that was not reached is left out, not lost."""
    write(study, 8)
    study.dataset("late", Dataset(X=X + 50))
    for solver in EFFECTS:
        study.run({}, dataset="late", solver=solver)
    over = tables(section_of(study))["comparison-objective"]
    assert column(over, "Behind")["c"] == "8"


def test_a_data_set_on_which_all_failed_is_nobodys_loss(study: Any) -> None:
    """Its data may not even have been read."""
    section = section_of(write(study, 9, failed=[("d3", s) for s in EFFECTS]))
    assert column(tables(section)["comparison-objective"], "Behind")["c"] == "8"


def test_nothing_to_compare_is_said(study: Any) -> None:
    """One solver alone."""
    section = section_of(write(study, 2, {"a": 1.0}))
    assert "there is nothing to compare" in said(section)
    assert tables(section) == {}


def test_losses_are_compared_apart(study: Any) -> None:
    """Each has a heading of its own."""
    write(study, 2)
    write(study, 2, objective="kullback_leibler")
    headings = [b.text for b in section_of(study).blocks if isinstance(b, Heading)]
    assert headings == ["Objective: frobenius", "Objective: kullback_leibler"]


def test_sizes_of_one_data_set_are_averaged(study: Any) -> None:
    """Two data sets with three sizes are two data sets."""
    for k in (2, 3, 4):
        write(study, 2, n_components=k)
    assert "On these 2 data sets" in said(section_of(study))


def test_a_swept_parameter_is_not_set_against_a_default(study: Any) -> None:
    """Who tried three values would meet others with the best of three."""
    swept = {"mu": 1.0, "hals": 1.1, "hals(inner=2)": 0.9, "hals(inner=5)": 0.8}
    section = section_of(write(study, 2, swept))
    headings = [b.text for b in section.blocks if isinstance(b, Heading)]
    assert headings == [
        "Objective: parameters not swept",
        "Objective: parameters of hals",
    ]
    first, second = (t for t in tables(section).values() if "comparison" in t.id)
    assert set(column(first, "Ahead")) == {"mu", "hals"}
    assert set(column(second, "Ahead")) == {"hals", "hals(inner=2)", "hals(inner=5)"}


def test_cases_are_compared_as_they_were_planned(study: Any) -> None:
    """Their names are the methods, whatever solver is behind them."""
    for name, effect in (("plain", 1.0), ("fast", 1.1)):
        write(study, 2, {"hals": effect}, case=name)
    over = tables(section_of(study))["comparison-objective"]
    assert set(column(over, "Ahead")) == {"plain", "fast"}


def test_starts_are_methods_where_they_differ(study: Any) -> None:
    """One row a solver and start, in two columns."""
    for init, effect in (("random", 1.0), ("nndsvda", 1.2)):
        write(study, 2, {"a": effect, "b": 1.1 * effect}, init=init)
    over = tables(section_of(study))["comparison-objective"]
    assert [c.title for c in over.columns[:2]] == ["Solver", "Init"]
    assert len(over.rows) == 4


def test_exact_fits_tie(study: Any) -> None:
    """Objectives of 1e-20 and 1e-14 of their start differ by rounding only."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for solver, value in (("a", 1e-18), ("b", 1e-12)):
        for seed in range(5):
            start = {"objective_start": 100.0}
            fit(study, fingerprint, value * (1 + seed), start, solver=solver, seed=seed)
    section = section_of(study)
    assert column(tables(section)["pairs-objective"], "Outcome") == {
        "b": "tie (practically equal)"
    }


def test_two_sweeps_may_hold_one_seed_twice(study: Any) -> None:
    """Both count; nothing is refused."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for solver in ("a", "b"):
        for limit in (1, 2):
            change = {"stop": {"max_steps": limit}}
            fit(study, fingerprint, 1.0 * limit, changes=change, solver=solver)
    section = section_of(study)
    assert column(tables(section)["pairs-objective"], "Seeds") == {"b": "2"}


def test_a_metric_is_compared_in_its_own_direction(study: Any) -> None:
    """Higher sparseness is ahead; errors of the fit follow the objective."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for seed in range(5):
        for solver, sparse in (("a", 0.2), ("b", 0.6)):
            metrics = {"hoyer_H": sparse + 0.01 * seed, "relative_error_all": 0.5}
            fit(study, fingerprint, 1.0, metrics=metrics, solver=solver, seed=seed)
    section = section_of(study)
    text = said(section)
    assert "Hoyer H. On data, b has the highest Hoyer H of 2" in text
    assert "Relative error" not in text
    within = tables(section)["metrics-within-1"]
    row = {
        c.title: cell for c, cell in zip(within.columns, within.rows[0], strict=True)
    }
    assert (row["Difference"].text, row["Outcome"].text) == ("−0.4", "behind")


def test_solvers_with_their_own_objective_are_compared_by_metrics_alone(
    study: Any,
) -> None:
    """They were not made to lower the shared one."""
    fingerprint = study.dataset("data", Dataset(X=X))
    own = {"minimises": "own", "own_objective": 3.0}
    for seed in range(5):
        for solver, record in (("a", {}), ("b", {}), ("minvol", own)):
            metrics = {"hoyer_H": 0.1 * len(solver) + 0.001 * seed}
            fit(
                study,
                fingerprint,
                1.0 + seed,
                record,
                metrics,
                solver=solver,
                seed=seed,
            )
    found = tables(section_of(study))
    assert set(column(found["pairs-objective"], "Seeds")) == {"b"}
    solvers = {row[1].text for row in found["metrics-within-1"].rows}
    assert solvers == {"a", "b"}  # against minvol, which has the highest


def held_out(study: Any, *, validated: bool) -> Section:
    """Write two solvers of two configurations and one of one, over two folds."""
    fingerprint = study.dataset("data", Dataset(X=X))
    kinds = {"a": 1.0, "a(l1=1)": 1.2, "b": 1.1, "b(l1=1)": 1.3, "c": 1.5}
    for fold in range(2):
        for seed in range(3):
            for solver, error in kinds.items():
                fit(
                    study,
                    fingerprint,
                    1.0,
                    {"validation": error if validated else None},
                    {"held_out_rmse": error + 0.01 * seed + 0.1 * fold},
                    {"split": {"name": "k_folds", "fold": fold, "seed": 0}},
                    solver=solver,
                    seed=seed,
                    split=f"k_folds(fold={fold})",
                )
    return section_of(study)


def test_held_out_errors_chosen_by_validation_meet_each_other_only(study: Any) -> None:
    """The solver with one configuration had nothing to choose."""
    section = held_out(study, validated=True)
    (table,) = (t for t in tables(section).values() if t.id.startswith("pairs-held"))
    assert "RMSE on held-out cells" in said(section)
    assert "each configuration chosen by validation cells" in said(section)
    assert column(table, "Difference")["b"].startswith("+9.")
    assert set(column(table, "Seeds")) == {"b"}


def test_what_test_cells_chose_is_not_compared(study: Any) -> None:
    """Without validation cells there is no honest figure of a or b."""
    assert "RMSE on held-out cells" not in said(held_out(study, validated=False))


def test_figures_render_and_name_their_methods(study: Any) -> None:
    """Both are drawn without a browser."""
    for figure in figures(section_of(write(study, 8))).values():
        svg = render_svg(figure)
        assert ">c<" in svg
        assert "NaN" not in svg


def test_the_critical_difference_is_drawn_to_scale(study: Any) -> None:
    """The line at the top spans CD ranks; bars join what the test does not tell."""
    spec = figures(section_of(write(study, 8)))["ranks-objective"].spec
    (ruler,) = spec["datasets"]["ruler"]
    # Nemenyi: 2.343 sqrt(3·4 / (6·8)).
    assert ruler["to"] - ruler["from"] == pytest.approx(2.343 * 0.5, abs=1e-3)
    bars = [(bar["first"], bar["last"]) for bar in spec["datasets"]["joined"]]
    assert bars == [("a", "b"), ("b", "c")]


def test_intervals_are_drawn_where_the_table_has_them(study: Any) -> None:
    """In per cent, one record a data set and method."""
    section = section_of(write(study, 3))
    records = figures(section)["differences-objective"].spec["datasets"]["rows"]
    assert len(records) == 3 * 2
    for record in records:
        assert record["low"] < record["value"] < record["high"]


def test_a_mean_is_over_the_sizes_that_both_have(study: Any) -> None:
    """Only at three components: a's run at two is no part of what stands beside b."""
    fingerprint = study.dataset("d", Dataset(X=X))
    for solver, size, value in (("a", 2, 4.0), ("a", 3, 2.0), ("b", 3, 1.0)):
        record = {"fingerprint": fingerprint, "objective_value": value}
        study.run(record, dataset="d", solver=solver, n_components=size)
    (row,) = tables(section_of(study))["pairs-objective"].rows
    assert [cell.text for cell in row[:2]] == ["a", "2"]


def test_what_chance_gives_is_compared_with_nothing(study: Any) -> None:
    """It stands beside a score, and is no merit of a method."""
    fingerprint = study.dataset("d", Dataset(X=X))
    for solver, value in (("a", 0.2), ("b", 0.4)):
        record = {"fingerprint": fingerprint, "objective_value": 1.0 + value}
        metrics = {"hoyer": value, "hoyer_chance": value, "hoyer_chance_sd": value}
        study.run(record, metrics=metrics, dataset="d", solver=solver)
    assert "Hoyer chance" not in said(section_of(study))


def test_a_metric_without_variation_says_so(study: Any) -> None:
    """A constant has neither a first nor a tie."""
    fingerprint = study.dataset("d", Dataset(X=X))
    for solver in ("a", "b"):
        record = {"fingerprint": fingerprint, "objective_value": 1.0 + (solver == "b")}
        study.run(record, metrics={"hoyer": 0.5}, dataset="d", solver=solver)
    assert "Hoyer. No variation: the same in every run." in said(section_of(study))
