"""From overrides to the spaces of a sweep: each composed once, swept in plain values.

Composing a configuration takes Hydra about 45 ms; a sweep needs it once for each
combination of *group choices* (``solver=hals,mu``). Within one combination a swept
value (``n_components=2,4``, ``solver.inner=range(5)``) is converted once by the schema
and set in plain dicts. What that fast path cannot do - ``+``, ``~``, interpolations,
lists - is composed by Hydra; `tests/sweep/test_expand.py` holds that both agree.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, FloatNode, IntegerNode, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nmflab.config import AXES, GROUPS, ConfigError, plain
from nmflab.sweep.cases import cases_of
from nmflab.sweep.misspelt import explain
from nmflab.sweep.overrides import literal, merged, naming, reserved, sort_overrides

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
    sweeps = sort_overrides(merged(arguments, params or {}, loader))
    first = {key: values[0] for key, values in sweeps.composed.items()}
    root = composer.compose([*sweeps.fixed, *first.values()])
    if not fast or _has_interpolation(root):
        for key, values in sweeps.plain.items():
            sweeps.composed[key] = [f"{key}={literal(value)}" for value in values]
        sweeps.plain = {}
    cases = cases_of(root, sweeps)
    spaces: list[Space] = []
    for case, overrides in cases.items():
        for choice in itertools.product(*sweeps.composed.values()):
            cfg = composer.compose([*sweeps.fixed, *choice, *overrides])
            spaces.append(_space(cfg, sweeps.plain, case, registry))
    return spaces


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


def _without_hydra(cfg: DictConfig) -> DictConfig:
    OmegaConf.set_struct(cfg, False)
    cfg.pop("hydra", None)
    OmegaConf.set_struct(cfg, True)
    return cfg


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
        schema, key = OmegaConf.get_type(cfg, group), naming(group)
        if is_dataclass(schema):
            own = {f.name: f.default for f in fields(schema)}
            if cfg[group][key] != own[key]:
                raise reserved(group)


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
