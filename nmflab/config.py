"""The root of the configuration: its types, where it is found, and how it is checked.

Axes are swept: a comma makes several runs. Settings are not: a comma makes a list. The
class of a plugin is the schema of its node, so an installed plugin is configurable,
documented and type-checked without a YAML file.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, make_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from nmflab.contracts import Objective
from nmflab.registry import Registry
from nmflab.splits import SPLITS
from nmflab.stopping import StopSettings
from nmflab.stopping.halving import check_halving
from nmflab.weighting import WEIGHTINGS

GROUPS = ("dataset", "weighting", "split", "objective", "init", "solver")
"""Axes whose values are plugins or other named choices; each is a Hydra group."""

SCALARS = ("n_components", "seed", "dtype")
"""Axes whose values are plain."""

AXES = (*GROUPS, *SCALARS)
"""What a comma sweeps, in the order keys and labels have them."""

PER_RUN = ("restarts", "halving", "stop", "missing_as_zero", "refit", "trace")
"""Settings that change a run's result; a case may set them, the key holds them."""

LISTS = ("metrics", "retry")
"""Settings that hold a list: a comma on the command line makes one."""

RESERVED = {"dataset": ("name", "seed"), "split": ("name", "seed")}
"""Fields the framework adds to a plugin's node; `name` to all of them."""


class ConfigError(ValueError):
    """A configuration that cannot be used: names the key, the value and the way out."""


class Dtype(Enum):
    """What the factors are computed in."""

    float64 = "float64"
    float32 = "float32"


class Unit(Enum):
    """Which factor's components are held at length 1."""

    none = "none"
    W = "W"
    H = "H"


class Advise(Enum):
    """What a study is asked for advice on."""

    n_components = "n_components"


class Executor(Enum):
    """Where runs take place: supervised child processes, or this process."""

    local = "local"
    serial = "serial"


class SaveFactors(Enum):
    """Whose factors are kept."""

    all = "all"
    none = "none"


@dataclass
class LimitsConfig:
    """What one run may use: seconds and megabytes (null: no limit), threads."""

    timeout_s: float | None = 3600.0
    memory_mb: float | None = None
    threads: int = 1
    metrics_timeout_s: float = 600.0


@dataclass
class ExecutorConfig:
    """Where runs take place and how many at once (null: one a core)."""

    name: Executor = Executor.local
    n_jobs: int | None = None


@dataclass
class Save:
    """Whether factors are kept, and up to how many gigabytes in all."""

    factors: SaveFactors = SaveFactors.all
    max_gb: float = 5.0


DEFAULT_METRICS = (
    "relative_error",
    "rmse",
    "explained_variance",
    "hoyer_sparseness",
    "effective_features",
    "component_overlap",
    "top_features",
)


@dataclass
class RootConfig:
    """Every key of the configuration that is not a plugin's own."""

    study: str | None = None
    n_components: int = 3
    seed: int = 0
    dtype: Dtype = Dtype.float64
    cases: Any = None  # Any: labels to overrides, checked where they are expanded
    case: Any = None
    restarts: int = 1
    halving: int | None = None
    stop: StopSettings = field(default_factory=StopSettings)
    missing_as_zero: bool = False
    refit: bool = False
    trace: bool = True
    metrics: list[str] = field(default_factory=lambda: list(DEFAULT_METRICS))
    metric: Any = field(default_factory=dict)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    executor: ExecutorConfig = field(default_factory=ExecutorConfig)
    save: Save = field(default_factory=Save)
    report: bool = True
    advise: Advise | None = None
    dry_run: bool = False
    retry: list[str] = field(default_factory=list)
    fail_fast: bool = False


SETTINGS = tuple(
    f.name for f in dataclasses.fields(RootConfig) if f.name not in SCALARS
)
"""Keys that are not axes."""


def conf_dir() -> Path:
    """Return the folder of nmflab's own YAML files, installed or from a checkout."""
    package = Path(__file__).parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


def extra_conf_dirs(registry: Registry) -> list[Path]:
    """Return the folders that join the search path: plugins', then the user's.

    ``NMFLAB_CONF`` names the user's folder; without it, ``./conf`` where there is one.

    Raises
    ------
    ConfigError
        If ``NMFLAB_CONF`` names a folder that does not exist.
    """
    named = os.environ.get("NMFLAB_CONF")
    user = Path(named) if named else Path.cwd() / "conf"
    if user.is_dir():
        return [*registry.config_dirs, user.resolve()]
    if named:
        raise ConfigError(
            f"NMFLAB_CONF={named} is not a folder; name one that holds"
            " experiment/*.yaml, or unset it"
        )
    return list(registry.config_dirs)


def node_classes(registry: Registry) -> Iterator[tuple[str, str, type[Any]]]:
    """Yield group, name and parameter class of everything that can be chosen."""
    for name, dataset in sorted(registry.datasets.items()):
        yield "dataset", name, dataset.dataset
    for name, init in sorted(registry.initializations.items()):
        yield "init", name, init.initialization
    for name, solver in sorted(registry.solvers.items()):
        yield "solver", name, solver.solver
    for name, split in SPLITS.items():
        yield "split", name, split
    for name, weighting in WEIGHTINGS.items():
        yield "weighting", name, weighting


def register(registry: Registry) -> None:
    """Put the schema of the root and of every plugin into Hydra's ConfigStore."""
    store = ConfigStore.instance()
    for group, name, cls in node_classes(registry):
        store.store(name, _node(group, name, cls), group=group, provider="nmflab")
    for loss in ("frobenius", "kullback_leibler", "itakura_saito", "beta"):
        node = _writable(_objective(loss))
        store.store(loss, node, group="objective", provider="nmflab")
    metrics = _metrics_class(
        [(n, s.metric) for n, s in sorted(registry.metrics.items())]
    )
    root = make_dataclass(
        "Root",
        [
            ("metric", metrics, field(default_factory=metrics)),
            *[(group, Any, field(default=MISSING)) for group in GROUPS],
        ],
        bases=(RootConfig,),
    )
    root_node = OmegaConf.structured(root)
    store.store("nmflab_root", _thawed(root_node), provider="nmflab")


def _objective(loss: str) -> type[Any]:
    """Return the schema of one loss: `Objective` with beta only where it is free."""
    hints = {"loss": str, "unit": Unit, "l2_per_count": bool}
    fields: list[Any] = []
    for f in dataclasses.fields(Objective):
        if f.name == "beta" and loss != "beta":
            continue
        usual = {"loss": loss, "unit": Unit.none}.get(f.name, f.default)
        fields.append((f.name, hints.get(f.name, float), field(default=usual)))
    return make_dataclass(loss, fields)


def check_objective(node: Mapping[str, Any]) -> None:
    """Raise `ConfigError` for an objective whose numbers make no sense.

    Parameters
    ----------
    node : mapping
        Plain values, keys as the fields of `Objective`.
    """
    for key, value in node.items():
        if key == "unit" and value not in Unit.__members__:
            raise ConfigError(
                f"objective.unit={value}: choose from {', '.join(Unit.__members__)}"
            )
        if isinstance(value, str | bool):
            continue
        lowest = -math.inf if key == "beta" else 0.0
        if not (lowest <= value and math.isfinite(value)):
            least = "a finite number" if key == "beta" else ">= 0 and finite"
            raise ConfigError(f"objective.{key} must be {least}, got {value}")


def _metrics_class(metrics: list[tuple[str, type[Any]]]) -> type[Any]:
    fields = [(name, cls, field(default_factory=cls)) for name, cls in metrics]
    return make_dataclass("Metrics", fields)


def _node(group: str, name: str, cls: type[Any]) -> DictConfig:
    fields: list[Any] = [("name", str, field(default=name, kw_only=True))]
    if "seed" in RESERVED.get(group, ()):
        fields.append(("seed", int, field(default=0, kw_only=True)))
    # The subclass only adds fields; nothing of it is ever constructed.
    return _writable(make_dataclass(cls.__name__, fields, bases=(cls,), frozen=True))


def _writable(cls: type[Any]) -> DictConfig:
    return _thawed(OmegaConf.structured(cls))


def _thawed(node: DictConfig) -> DictConfig:
    """Undo, on every level, the read-only flag that a frozen class gives its node."""
    OmegaConf.set_readonly(node, None)
    for key in node:
        if not OmegaConf.is_missing(node, key) and OmegaConf.is_dict(node[key]):
            _thawed(node[key])
    return node


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Return a composed configuration as plain values, without Hydra's own node."""
    container = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
    assert isinstance(container, dict)
    container.pop("hydra", None)
    container.pop("experiment", None)
    return {str(key): value for key, value in container.items()}


def check_settings(config: Mapping[str, Any], registry: Registry) -> None:
    """Raise `ConfigError` for settings that make no sense, naming the key and value."""
    _check_known(config)
    try:
        stop = StopSettings(**config["stop"])
    except ValueError as error:
        raise ConfigError(str(error)) from error
    for name in config["metrics"]:
        registry.get("metric", name)
    positive = {
        "restarts": config["restarts"],
        "limits.threads": config["limits"]["threads"],
        "limits.timeout_s": config["limits"]["timeout_s"],
        "limits.memory_mb": config["limits"]["memory_mb"],
        "limits.metrics_timeout_s": config["limits"]["metrics_timeout_s"],
        "executor.n_jobs": config["executor"]["n_jobs"],
        "save.max_gb": config["save"]["max_gb"],
    }
    for key, value in positive.items():
        if value is not None and not value > 0:
            raise ConfigError(f"{key} must be > 0, got {value}")
    try:
        check_halving(config["halving"], config["restarts"], stop)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    for status in config["retry"]:
        if status not in STATUSES:
            raise ConfigError(
                f"retry={status}: no such status; choose from {', '.join(STATUSES)}"
            )


def _check_known(config: Mapping[str, Any]) -> None:
    """Refuse keys that Hydra's ``+`` has put into a settings node."""
    schema = OmegaConf.to_container(OmegaConf.structured(RootConfig))
    assert isinstance(schema, dict)
    for section, known in schema.items():
        if isinstance(known, dict) and section != "metric":
            for key in config[str(section)]:
                if key not in known:
                    raise ConfigError(
                        f"{section!s}.{key}: there is no such key; {section!s} has"
                        f" {', '.join(map(str, known))}"
                    )


STATUSES = ("ok", "error", "timeout", "oom", "crash", "invalid", "skipped")
"""What a finished run's row can say of it."""
