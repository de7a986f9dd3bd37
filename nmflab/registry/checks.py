"""What the registry asks of a plugin's records, each fault a sentence.

Checked at start-up, so that a mistake in a plugin is found when it is installed and not
in the middle of a sweep.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from nmflab.contracts import (
    LOSSES,
    FeatureDrawing,
    InitSpec,
    MetricSpec,
    ReportPart,
    SolverSpec,
    Spec,
    Takes,
)
from nmflab.registry.kinds import NEEDS, Kind

_UNSET = "???"  # OmegaConf's mark for "no default": the user must give the value
_PLAIN = (int, float, bool, str)
PENALTIES = frozenset({"l1", "l2", "l2_per_count", "unit"})
"""What `Takes.penalties` is made of."""

T = TypeVar("T")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9_]*")


class ContractError(Exception):
    """What is wrong with one plugin, as a sentence with how to mend it."""


def check_spec(kind: Kind, spec: Spec) -> None:
    """Raise ContractError where a record or its class breaks the contract."""
    where = f"{kind.word} {spec.name!r}"
    check_name(spec.name, kind.word)
    cls = kind.class_of(spec)
    if not isinstance(cls, type):
        raise ContractError(
            f"{where}: {kind.attribute}={cls!r} is not a class; give the class itself,"
            " not an instance of it"
        )
    _check_parameters(cls, where, kind.reserved)
    if not callable(getattr(cls, kind.method, None)):
        raise ContractError(f"{where}: {cls.__name__} has no method '{kind.method}'")
    for example in spec.examples:
        if type(example) is not cls:
            raise ContractError(
                f"{where}: the example {example!r} is not a {cls.__name__}; list"
                " configured instances of the class"
            )
    _check_words(spec, where)


def check_part(part: ReportPart) -> None:
    """Raise ContractError where a part of the report cannot be placed or drawn."""
    called: object
    if isinstance(part, FeatureDrawing):
        check_name(part.dataset, "the dataset of a feature drawing")
        what, call, called = f"drawing of {part.dataset!r}", "draw", part.draw
    else:
        check_name(part.name, "report section")
        what, call, called = f"report section {part.name!r}", "render", part.render
    if not callable(called):
        raise ContractError(f"{what}: {call!r} is not callable")


def check_name(name: object, what: str) -> None:
    """Raise ContractError unless `name` is in snake_case."""
    if not (isinstance(name, str) and _SNAKE_CASE.fullmatch(name)):
        raise ContractError(
            f"{what} {name!r}: a name is in snake_case, as in 'fast_hals': lower-case"
            " letters, digits and underscores, a letter first"
        )


def unmet(requires: Iterable[str]) -> list[str]:
    """Return the requirements that the environment does not meet.

    Read from the metadata of what is installed: nothing is imported.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    missing = []
    for text in requires:
        try:
            requirement = Requirement(text)
        except (InvalidRequirement, TypeError) as error:
            raise ContractError(
                f"requires={text!r} is not a requirement ({error}); write it as pip"
                " does: 'gensim>=4.3'"
            ) from error
        if requirement.marker is None or requirement.marker.evaluate():
            installed = _version(requirement.name)
            if installed is None or not requirement.specifier.contains(
                installed, prereleases=True
            ):
                missing.append(text)
    return missing


def _version(distribution: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _check_parameters(
    cls: type[Any], where: str, reserved: Collection[str] = ()
) -> None:
    """Check that the class is a frozen dataclass whose fields a YAML file can hold."""
    if not dataclasses.is_dataclass(cls) or not _is_frozen(cls):
        raise ContractError(
            f"{where}: {cls.__name__} is not a frozen dataclass; write"
            " @dataclass(frozen=True, kw_only=True) above it"
        )
    try:
        hints = typing.get_type_hints(cls)
    except Exception as error:  # whatever an annotation raises when it is evaluated
        raise ContractError(
            f"{where}: the field types of {cls.__name__} cannot be read ({error});"
            " import what they name outside TYPE_CHECKING"
        ) from error
    for field in dataclasses.fields(cls):
        here = f"{where}: field '{field.name}'"
        if field.name in reserved:
            raise ContractError(f"{here}: this name is reserved; choose another")
        if not field.kw_only:
            raise ContractError(f"{here} is not keyword-only; add kw_only=True")
        _check_field(field, hints[field.name], here)


def _is_frozen(cls: type[Any]) -> bool:
    parameters = cls.__dict__.get("__dataclass_params__")  # not what a base class says
    return bool(getattr(parameters, "frozen", False))


def _check_field(field: dataclasses.Field[Any], hint: Any, here: str) -> None:
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    members = typing.get_args(hint) if is_union else (hint,)
    inner = [member for member in members if member is not types.NoneType]
    if len(inner) != 1 or not isinstance(inner[0], type):
        inner = [object]  # falls through to the refusal below
    kind = inner[0]
    if kind not in _PLAIN and not issubclass(kind, Enum):
        if not hasattr(kind, "__dataclass_fields__"):
            shown = hint.__name__ if isinstance(hint, type) else hint
            raise ContractError(
                f"{here} has type {shown}; a parameter is an int, float, bool, str,"
                " Enum, a frozen dataclass of such, or one of these or None"
            )
        _check_parameters(kind, here)
    default = field.default
    if default is dataclasses.MISSING or default == _UNSET:
        return
    if not (default is None and len(members) > 1) and not _fits(default, kind):
        raise ContractError(
            f"{here} has the default {default!r}, which is no {kind.__name__}"
        )


def _fits(value: object, kind: type[Any]) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _check_words(spec: Spec, where: str) -> None:
    """Check the fields of a record that take words out of a documented list."""
    within = _Vocabulary(where)
    if isinstance(spec, SolverSpec | InitSpec):
        for plugin in _configured(spec):
            _check_takes(_answer("takes", spec.takes_of, plugin, where), within)
    if isinstance(spec, SolverSpec):
        within.some("promises.nonnegative", spec.promises.nonnegative, {"W", "H"})
        within.one("promises.init", spec.promises.init, {"given", "own"})
        within.one("promises.minimises", spec.promises.minimises, {"shared", "own"})
    if isinstance(spec, InitSpec):
        for plugin in _configured(spec):
            limit = _answer("limit", spec.limit_of, plugin, where)
            within.one("limit", limit, {"none", "min_shape"})
    if isinstance(spec, MetricSpec):
        within.one("scope", spec.scope, {"run", "seeds"})
        within.some("needs", spec.needs, NEEDS)
        within.one("direction", spec.direction, {"lower", "higher", "none"})


def _check_takes(takes: Takes, within: _Vocabulary) -> None:
    within.some("takes.losses", takes.losses, LOSSES)
    within.some("takes.penalties", takes.penalties, PENALTIES)


def _configured(spec: SolverSpec | InitSpec) -> tuple[Any, ...]:
    """Return what a record's callables are asked about: examples, else the defaults."""
    if spec.examples or not (callable(spec.takes) or callable(_limit(spec))):
        return spec.examples or (None,)
    cls = spec.solver if isinstance(spec, SolverSpec) else spec.initialization
    try:
        return (cls(),)
    except (TypeError, ValueError):  # a parameter must be given
        return ()


def _limit(spec: SolverSpec | InitSpec) -> object:
    return spec.limit if isinstance(spec, InitSpec) else None


def _answer(field: str, ask: Callable[[Any], T], plugin: Any, where: str) -> T:
    try:
        return ask(plugin)
    except Exception as error:  # whatever the plugin's own function raises
        raise ContractError(
            f"{where}: {field}({plugin!r}) raised {type(error).__name__}: {error}"
        ) from error


@dataclass(frozen=True)
class _Vocabulary:
    where: str

    def one(self, field: str, value: str, allowed: Collection[str]) -> None:
        self.some(field, {value}, allowed)

    def some(self, field: str, values: object, allowed: Collection[str]) -> None:
        if not isinstance(values, set | frozenset):
            raise ContractError(
                f"{self.where}: {field}={values!r} is not a set; write {{...}}"
            )
        odd = sorted(map(repr, values - set(allowed)))
        if odd:
            raise ContractError(
                f"{self.where}: {field} holds {', '.join(odd)}; allowed:"
                f" {', '.join(sorted(allowed))}"
            )
