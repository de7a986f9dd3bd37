"""From overrides to the spaces of a sweep: each composed once, swept in plain values.

Composing a configuration takes Hydra about 45 ms; a sweep needs it once for each
combination of *group choices* (``solver=hals,mu``). Within one combination a swept
value (``n_components=2,4``, ``solver.inner=range(5)``) is converted once by the schema
and set in plain dicts. What that fast path cannot do - ``+``, ``~``, interpolations,
lists - is composed by Hydra; `tests/test_expand.py` holds that both give the same.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    Override,
    OverrideType,
    QuotedString,
    ValueType,
)
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, FloatNode, IntegerNode, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nmflab.config import (
    GROUPS,
    LISTS,
    PER_RUN,
    SCALARS,
    SETTINGS,
    ConfigError,
    plain,
)
from nmflab.sweep.misspelt import explain, unknown_key

AXES = (*GROUPS, *SCALARS)
CONFIG_NAME = "config"


@dataclass(frozen=True, kw_only=True)
class Space:
    """The runs of one combination of group choices: a product of plain nodes.

    Parameters
    ----------
    axes : mapping
        For each axis its nodes: dicts for groups, plain values for scalars.
    settings : mapping
        Everything that is not an axis, `PER_RUN` included.
    case : str
        The label of the case it stands for, "" without cases.
    """

    axes: Mapping[str, Sequence[Any]]
    settings: Mapping[str, Any]
    case: str = ""

    @property
    def size(self) -> int:
        """Number of runs before axes are collapsed."""
        size = 1
        for nodes in self.axes.values():
            size *= len(nodes)
        return size


@dataclass
class _Sweeps:
    """Overrides sorted by what they ask for."""

    fixed: list[str] = field(default_factory=list)
    composed: dict[str, list[str]] = field(default_factory=dict)
    plain: dict[str, list[Any]] = field(default_factory=dict)
    cases: list[str] | None = None
    keys: set[str] = field(default_factory=set)


def expand(
    loader: ConfigLoader,
    arguments: Sequence[str],
    params: Mapping[str, Any] | None = None,
    *,
    registry: Any = None,
    fast: bool = True,
) -> list[Space]:
    """Return the spaces that some overrides ask for, in the order they are written.

    Parameters
    ----------
    loader : ConfigLoader
        Hydra's, with nmflab's folders on its search path.
    arguments : sequence of str
        Overrides in Hydra's grammar, as typed.
    params : mapping, optional
        ``hydra.sweeper.params`` of the experiment; an argument with the same key
        replaces its value.
    registry : Registry, optional
        For messages that say what was meant.
    fast : bool, default True
        False composes every combination by Hydra.

    Raises
    ------
    ConfigError
        For anything in the overrides that does not fit; the key is named.
    """
    composer = _Composer(loader, registry)
    sweeps = _sorted_overrides(composer, _merged(arguments, params or {}, composer))
    first = {key: values[0] for key, values in sweeps.composed.items()}
    root = composer.compose([*sweeps.fixed, *first.values()])
    if not fast or _has_interpolation(root):
        for key, values in sweeps.plain.items():
            sweeps.composed[key] = [f"{key}={literal(value)}" for value in values]
        sweeps.plain = {}
    cases = _cases(root, sweeps)
    spaces: list[Space] = []
    for case, overrides in cases.items():
        for choice in itertools.product(*sweeps.composed.values()):
            cfg = composer.compose([*sweeps.fixed, *choice, *overrides])
            spaces.append(_space(cfg, sweeps.plain, case, registry))
    return spaces


def listed(arguments: Sequence[str]) -> list[str]:
    """Return the overrides, ``retry=crash`` written as the list it stands for.

    Hydra composes a master configuration before anything is swept, and refuses there
    what has a comma's meaning for us: one value for a setting that holds several.

    Raises
    ------
    ConfigError
        If an override cannot be read, or a group is given a list in brackets.
    """
    result = []
    for text, override in zip(arguments, _parsed(arguments), strict=True):
        key = override.key_or_group
        value = None if override.is_sweep_override() else override.value()
        if key in GROUPS and isinstance(value, list):
            names = ",".join(map(str, value))
            raise ConfigError(
                f"{text}: {key} takes one name, or several in a sweep: {key}={names}"
            )
        result.append(_setting(override, key) if key in LISTS else text)
    return result


def _parsed(overrides: Sequence[str], loader: Any = None) -> list[Override]:
    parser = OverridesParser.create(config_loader=loader)
    try:
        return list(parser.parse_overrides(list(overrides)))
    except OverrideParseException as error:
        why = error.message.splitlines()[0].partition(" expecting {")[0]
        raise ConfigError(
            f"cannot read the override {error.override} ({why}); write key=value, and"
            " quote a value with special characters, as in \"dataset.path='a b.csv'\""
        ) from error


class _Composer:
    """Composes by Hydra, each list of overrides once, and says what went wrong."""

    def __init__(self, loader: ConfigLoader, registry: Any) -> None:
        self.loader = loader
        self.registry = registry
        self._done: dict[tuple[str, ...], DictConfig] = {}

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Return the composed configuration, Hydra's own node taken out."""
        asked = tuple(overrides)
        if asked not in self._done:
            try:
                cfg = self.loader.load_configuration(
                    CONFIG_NAME, list(overrides), RunMode.RUN, from_shell=False
                )
            except (HydraException, OmegaConfBaseException) as error:
                raise explain(error, overrides, self.registry) from error
            self._done[asked] = _without_hydra(cfg)
        return self._done[asked]

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Return the overrides as Hydra's own parser reads them."""
        return _parsed(overrides, self.loader)


def _without_hydra(cfg: DictConfig) -> DictConfig:
    OmegaConf.set_struct(cfg, False)
    cfg.pop("hydra", None)
    OmegaConf.set_struct(cfg, True)
    return cfg


def _merged(
    arguments: Sequence[str], params: Mapping[str, Any], composer: _Composer
) -> list[Override]:
    """Return the experiment's sweep narrowed by the command line, by key."""
    saved = [f"{key}={_sweep_text(value)}" for key, value in params.items()]
    merged: dict[str, Override] = {}
    for override in composer.parse([*saved, *arguments]):
        if not override.is_hydra_override():
            merged[override.key_or_group] = override
    return list(merged.values())


def _sweep_text(value: Any) -> str:
    """Return a YAML value of ``hydra.sweeper.params`` as an override's right side."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ",".join(literal(item) for item in value)
    return literal(value)


def literal(value: Any) -> str:
    """Return a plain value in Hydra's grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z0-9_./-]+", value) or value.startswith("${"):
            return value
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(literal(item) for item in value) + "]"
    return repr(value)


def _sorted_overrides(composer: _Composer, overrides: list[Override]) -> _Sweeps:
    sweeps = _Sweeps()
    for override in overrides:
        key = override.key_or_group
        sweeps.keys.add(key)
        root = key.split(".")[0].split("/")[0]
        if root in GROUPS and key == f"{root}.{_naming(root)}":
            raise _reserved(root)
        if key == "case":
            sweeps.cases = [str(value) for value in _values(override)]
        elif root in AXES:
            _sort_axis(override, key, sweeps)
        elif root in (*SETTINGS, "experiment"):
            sweeps.fixed.append(_setting(override, key))
        else:
            raise ConfigError(unknown_key(key, (*AXES, *SETTINGS, "case")))
    return sweeps


def _naming(group: str) -> str:
    return "loss" if group == "objective" else "name"


def _reserved(group: str) -> ConfigError:
    return ConfigError(
        f"{group}.{_naming(group)} cannot be set: it says which {group} this is; choose"
        f" with {group}=<name>"
    )


def _sort_axis(override: Override, key: str, sweeps: _Sweeps) -> None:
    if not override.is_sweep_override():
        if "${oc.env" in str(override.input_line):
            raise ConfigError(
                f"{override.input_line}: an axis may not depend on the environment,"
                " for then the record would not say what was run; give the value"
            )
        sweeps.fixed.append(str(override.input_line))
        return
    values = _values(override)
    simple = override.type == OverrideType.CHANGE and all(map(_is_plain, values))
    if key in GROUPS or not simple:
        prefix = override.get_key_element()
        sweeps.composed[key] = [f"{prefix}={literal(value)}" for value in values]
    else:
        sweeps.plain[key] = values


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return "${" not in value
    return value is None or isinstance(value, int | float)


def _values(override: Override) -> list[Any]:
    if not override.is_sweep_override():
        return [override.value()]
    if override.value_type == ValueType.INTERVAL_SWEEP:
        raise ConfigError(
            f"{override.input_line}: an interval has no list of values; give some, as"
            f" in {override.key_or_group}=range(0,1,0.25)"
        )
    values = list(override.sweep_iterator())
    if not values:
        raise ConfigError(
            f"{override.input_line}: there is no value in it, so nothing would be run"
        )
    return [v.text if isinstance(v, QuotedString) else v for v in values]


def _setting(override: Override, key: str) -> str:
    """Return a setting's override; on a setting that holds a list a comma makes one."""
    if key in LISTS:
        values = _values(override) if override.is_sweep_override() else override.value()
        if values is None or isinstance(values, str):
            values = [values] if values else []
        return f"{key}={literal(values)}"
    if override.is_sweep_override():
        raise ConfigError(
            f"{override.input_line}: {key} is a setting, and settings do not sweep;"
            " give one value, or compare variants with cases={...}"
        )
    return str(override.input_line)


def _cases(root: DictConfig, sweeps: _Sweeps) -> dict[str, list[str]]:
    """Return the overrides of each case by label; one case "" where there are none."""
    # Unresolved: what a case takes from another key depends on the run.
    raw = OmegaConf.to_container(root, resolve=False, enum_to_str=True)
    assert isinstance(raw, dict)
    cases = raw.get("cases") or {}
    if not isinstance(cases, Mapping):
        raise ConfigError(
            f"cases={cases!r}: give each case a label and its overrides, as in"
            " cases={one: {solver: hals}, other: {solver: mu}}"
        )
    cases = {str(name): case for name, case in cases.items()}
    names = list(cases) if sweeps.cases is None else sweeps.cases
    if not names:
        return {"": []}
    chosen = {}
    for name in names:
        if not cases:
            raise ConfigError(f"case={name}: there are no cases; give cases={{...}}")
        if name not in cases:
            raise ConfigError(
                unknown_key(name, tuple(cases), what="case", where="cases")
            )
        chosen[name] = _case_overrides(name, cases[name], sweeps.keys)
    return chosen


def _case_overrides(name: str, case: Any, taken: set[str]) -> list[str]:
    if not isinstance(case, Mapping):
        raise ConfigError(
            f"cases.{name} is {case!r}; give overrides, as in {name}: {{solver: hals}}"
        )
    overrides = []
    for key, value in case.items():
        root = str(key).split(".")[0]
        if root not in AXES and root not in PER_RUN:
            raise ConfigError(
                f"cases.{name}.{key}: a case may set axes ({', '.join(AXES)}) and what"
                f" belongs to a run ({', '.join(PER_RUN)})"
            )
        if key in taken:
            raise ConfigError(
                f"cases.{name} sets {key}, and so does the sweep; leave one of them out"
            )
        overrides.append(f"{key}={literal(value)}")
    # A group is chosen before its parameters are set, whatever their order in the file.
    return sorted(overrides, key=lambda o: o.split("=")[0] not in GROUPS)


def _has_interpolation(cfg: DictConfig) -> bool:
    raw = OmegaConf.to_container(cfg, resolve=False)

    def search(node: Any) -> Iterator[bool]:
        children = node.values() if isinstance(node, dict) else node
        for child in children:
            if isinstance(child, dict | list):
                yield from search(child)
            else:
                yield isinstance(child, str) and "${" in child

    return any(search(raw))


def _space(
    cfg: DictConfig, swept: Mapping[str, list[Any]], case: str, registry: Any
) -> Space:
    _refuse_unsafe(cfg)
    _refuse_renamed(cfg)
    config = plain(cfg)
    axes = {axis: _nodes(cfg, config, axis, swept, registry) for axis in AXES}
    _refuse_unset(axes)
    settings = {key: value for key, value in config.items() if key not in AXES}
    settings.pop("cases", None)
    settings.pop("case", None)
    return Space(axes=axes, settings=settings, case=case)


def _refuse_unsafe(cfg: DictConfig) -> None:
    text = OmegaConf.to_yaml(OmegaConf.masked_copy(cfg, list(AXES)))
    if "_target_" in text:
        raise ConfigError(
            "_target_ in a configuration: nmflab imports nothing by dotted path; make"
            " it a plugin and choose it by name"
        )
    if "${oc.env" in text:
        raise ConfigError(
            "${oc.env:...} in an axis: the record would not say what was run; give the"
            " value on the command line"
        )


def _refuse_renamed(cfg: DictConfig) -> None:
    """Refuse a node that carries another's name: from a file, a case or a mapping."""
    for group in GROUPS:
        schema, key = OmegaConf.get_type(cfg, group), _naming(group)
        if is_dataclass(schema):
            own = {f.name: f.default for f in fields(schema)}
            if cfg[group][key] != own[key]:
                raise _reserved(group)


def _refuse_unset(axes: Mapping[str, Sequence[Any]]) -> None:
    for axis in GROUPS:
        unset = [key for node in axes[axis] for key, v in node.items() if v == "???"]
        if unset:
            raise ConfigError(
                f"{axis}.{unset[0]} must be given, as in {axis}.{unset[0]}=<value>;"
                f" `nmflab show {axis} {axes[axis][0].get('name')}` says what it is"
            )


def _nodes(
    cfg: DictConfig,
    config: Mapping[str, Any],
    axis: str,
    swept: Mapping[str, list[Any]],
    registry: Any,
) -> list[Any]:
    """Return an axis' nodes: the product of the values swept within it."""
    mine = {k: v for k, v in swept.items() if k == axis or k.startswith(axis + ".")}
    if not mine:
        return [config[axis]]
    columns = [
        [(key, value) for value in _converted(cfg, key, values, registry)]
        for key, values in mine.items()
    ]
    nodes = []
    for combination in itertools.product(*columns):
        node: Any = copy.deepcopy(config[axis])
        for key, value in combination:
            if key == axis:
                node = value
            else:
                _set(node, key.split(".")[1:], value)
        nodes.append(node)
    return nodes


def _set(node: Any, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value


def _converted(
    cfg: DictConfig, key: str, values: Sequence[Any], registry: Any
) -> list[Any]:
    """Return values as the schema of their key makes them.

    Plain numbers, of which there may be thousands, need only the kind of their node.
    """
    parent, _, leaf = key.rpartition(".")
    section = copy.deepcopy(OmegaConf.select(cfg, parent) if parent else cfg)
    is_dict = OmegaConf.is_dict(section)
    node = section._get_node(leaf, validate_access=False) if is_dict else None
    converted = []
    for value in values:
        if type(value) is int and type(node) in (IntegerNode, FloatNode):
            converted.append(value if type(node) is IntegerNode else float(value))
        elif type(value) is float and type(node) is FloatNode:
            converted.append(value)
        else:
            converted.append(_by_schema(section, leaf, key, value, registry))
    return converted


def _by_schema(
    section: DictConfig, leaf: str, key: str, value: Any, registry: Any
) -> Any:
    try:
        OmegaConf.update(section, leaf, value)
    except (OmegaConfBaseException, AttributeError) as error:
        raise explain(error, [f"{key}={literal(value)}"], registry) from error
    return plain(OmegaConf.masked_copy(section, [leaf]))[leaf]
