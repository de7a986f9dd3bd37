from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from nmflab.instances import build


class Rule(Enum):
    """How something is done."""

    fair = "as one says"
    native = "as the other says"


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A nested group of parameters."""

    depth: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plugin with every kind of parameter."""

    path: str
    rule: Rule = Rule.fair
    rate: float = 0.5
    limit: float | None = None
    count: int = 1
    exact: bool = False
    inner: Inner = field(default_factory=Inner)
    other: Rule | None = None

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise ValueError(f"solver.rate must be > 0, got {self.rate}")


def made(**node: Any) -> Plugin:
    """Return the plugin that a node makes."""
    built = build(Plugin, {"name": "plugin", "path": "x", **node}, "solver")
    assert isinstance(built, Plugin)
    return built


def test_plain_values_become_the_plugin_s_object() -> None:
    """Those not given are at their defaults."""
    assert made(count=3) == Plugin(path="x", count=3)


@pytest.mark.parametrize("name", ["rule", "other"])
def test_a_name_becomes_the_member_of_an_enum(name: str) -> None:
    """By its name, not by its value."""
    assert getattr(made(**{name: "native"}), name) is Rule.native


def test_a_name_that_is_no_member_is_refused_with_those_there_are() -> None:
    """The key and the value are named."""
    message = "solver.rule=nativ: choose from fair, native"
    with pytest.raises(ValueError, match=re.escape(message)):
        made(rule="nativ")


def test_a_mapping_becomes_the_nested_object() -> None:
    """With the same rules inside."""
    assert made(inner={"depth": 2}).inner == Inner(depth=2.0)


def test_an_unknown_key_of_a_nested_object_is_named_in_full() -> None:
    """As it is written in a configuration."""
    with pytest.raises(ValueError, match=re.escape("solver.inner.dept: Inner has no")):
        made(inner={"dept": 2})


@pytest.mark.parametrize("name", ["rate", "limit"])
def test_an_int_becomes_the_float_it_stands_for(name: str) -> None:
    """JSON writes 2.0 as it likes."""
    value = getattr(made(**{name: 2}), name)
    assert (value, type(value)) == (2.0, float)


def test_null_stays_none_where_it_is_allowed() -> None:
    """No conversion is tried."""
    assert made(limit=None).limit is None


def test_what_the_framework_adds_to_a_node_is_not_the_plugin_s() -> None:
    """`name` and `seed` are left out where the class has no such field."""
    assert made(seed=3) == made()


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    """And with those there are."""
    with pytest.raises(ValueError, match="Plugin has no parameter 'cuont'") as caught:
        made(cuont=2)
    assert str(caught.value).endswith("; did you mean 'count'?")
    assert "it has path, rule, rate, limit, count, exact, inner, other" in str(
        caught.value
    )


def test_a_value_the_class_refuses_is_said_in_its_words() -> None:
    """They name the key already."""
    with pytest.raises(ValueError, match=re.escape("solver.rate must be > 0, got -1")):
        made(rate=-1)


def test_a_parameter_that_must_be_given_is_named() -> None:
    """Python's own words, behind the key."""
    with pytest.raises(ValueError, match=r"solver: .*'path'"):
        build(Plugin, {"name": "plugin"}, "solver")
