from __future__ import annotations

import pytest

from nmflab.registry import UnknownPlugin
from nmflab.testing.creator import (
    HEADER,
    PluginCreator,
    load_beside_a_sound_one,
    only_failure,
    solver_hook,
)

CLASS = "@dataclass(frozen=True, kw_only=True)\nclass Odd:\n"
METHOD = "    def iterate(self, problem, init, rng):\n        yield init\n"
RECORD = 'SolverSpec(name="odd", solver=Odd)'


@pytest.mark.parametrize(
    ("source", "record", "reason"),
    [
        ("", "'mine'", "yielded 'mine' (str), not a SolverSpec"),
        ("", 'MetricSpec(name="mine", metric=Mine)', "not a SolverSpec"),
        ("", 'SolverSpec(name="Fast-Hals", solver=Mine)', "a name is in snake_case"),
        ("", 'SolverSpec(name="odd", solver=Mine())', "is not a class"),
        ("class Odd:\n" + METHOD, RECORD, "Odd is not a frozen dataclass"),
        ("@dataclass\nclass Odd:\n" + METHOD, RECORD, "not a frozen dataclass"),
        ("class Odd(Mine): pass\n", RECORD, "not a frozen dataclass"),
        (
            "@dataclass(frozen=True)\nclass Odd:\n    a: int = 1\n" + METHOD,
            RECORD,
            "field 'a' is not keyword-only",
        ),
        (CLASS + "    a: int = 1\n", RECORD, "Odd has no method 'iterate'"),
        (CLASS + "    name: str = ''\n" + METHOD, RECORD, "this name is reserved"),
        (CLASS + "    a: list = ()\n" + METHOD, RECORD, "field 'a' has type list"),
        (CLASS + "    a: int | str = 1\n" + METHOD, RECORD, "has type int | str"),
        (CLASS + "    a: Path | None = None\n" + METHOD, RECORD, "'a' has type"),
        (CLASS + "    a: 'Absent' = 1\n" + METHOD, RECORD, "'Absent' is not defined"),
        (CLASS + "    a: int = 'x'\n" + METHOD, RECORD, "default 'x', which is no int"),
        (CLASS + "    a: int = True\n" + METHOD, RECORD, "default True, which is no"),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, takes=Takes(losses={"l7"}))',
            "takes.losses holds 'l7'; allowed: beta, frobenius",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, takes=Takes(losses="frobenius"))',
            "takes.losses='frobenius' is not a set",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine,'
            ' takes=lambda solver: Takes(penalties={"l0"}))',
            "takes.penalties holds 'l0'; allowed: l1, l2, l2_per_count, unit",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, takes=lambda solver: solver.absent)',
            "takes(Mine(step=1.0)) raised AttributeError: 'Mine' object has no",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, promises=Promises(init="mine"))',
            "promises.init holds 'mine'",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, examples=(Mine,))',
            "is not a Mine; list configured instances",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, requires=("not a name",))',
            "requires='not a name' is not a requirement",
        ),
    ],
)
def test_a_record_that_breaks_the_contract_is_reported(
    plugins: PluginCreator, source: str, record: str, reason: str
) -> None:
    """A wrong record, class or field is found at start-up, and said."""
    registry = load_beside_a_sound_one(plugins, HEADER + source + solver_hook(record))
    assert reason in only_failure(registry)


def test_every_allowed_type_is_allowed(plugins: PluginCreator) -> None:
    """int, float, bool, str, Enum, each or None, and a frozen dataclass of them."""
    source = HEADER + (
        "class Colour(Enum):\n    red = 1\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Inner:\n    x: float | None = None\n"
        + CLASS
        + "    a: int\n    b: float = 1\n    c: bool = True\n    d: str = '???'\n"
        "    e: Colour = Colour.red\n    f: Inner = Inner()\n    g: int | None = None\n"
        "    h: 'float | None' = 2.0\n" + METHOD + solver_hook(RECORD)
    )
    assert load_beside_a_sound_one(plugins, source).failures == []


def test_a_dataset_may_not_call_a_field_seed(plugins: PluginCreator) -> None:
    """``dataset.seed`` is the framework's own: it makes the generator of `load`."""
    source = HEADER + (
        CLASS + "    seed: int = 0\n    def load(self, rng): ...\n"
        "\n@hookimpl\ndef nmflab_datasets():\n"
        '    yield DatasetSpec(name="odd", dataset=Odd)\n'
    )
    assert "field 'seed': this name is reserved" in only_failure(
        load_beside_a_sound_one(plugins, source)
    )


def test_an_unmet_requirement_costs_its_record_alone(plugins: PluginCreator) -> None:
    """What needs an absent library is left out with the command that brings it."""
    source = HEADER + solver_hook(
        'SolverSpec(name="with_it", solver=Mine, requires=("no-such-library>=2",))',
        'SolverSpec(name="without", solver=Mine)',
        'SolverSpec(name="old", solver=Mine, requires=("numpy>=1", "numpy<1"))',
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert sorted(registry.solvers) == ["sound_solver", "without"]
    assert [failure.reason for failure in registry.failures] == [
        "solver 'with_it' needs no-such-library>=2: pip install 'no-such-library>=2'",
        "solver 'old' needs numpy<1: pip install 'numpy<1'",
    ]
    with pytest.raises(UnknownPlugin, match="needs no-such-library>=2: pip install"):
        registry.get("solver", "with_it")


def test_a_requirement_for_another_system_is_not_asked_for(
    plugins: PluginCreator,
) -> None:
    """A requirement with a marker that does not hold is met."""
    requirement = 'no-such-library; python_version < "3"'
    record = f"SolverSpec(name='mine', solver=Mine, requires=({requirement!r},))"
    registry = load_beside_a_sound_one(plugins, HEADER + solver_hook(record))
    assert registry.failures == []
