"""What ``nmflab list``, ``nmflab show`` and ``nmflab --help`` print: plain text.

Everything comes from the registry and the plugins' docstrings (numpydoc); nothing is
computed and nothing is coloured, so that the text reads the same in a pipe.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import sys
import textwrap
import types
import typing
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from nmflab.contracts import LOSSES, Objective
from nmflab.docstrings import (
    first_sentence,
    parameter_docs,
    split_docstring,
    summary,
)
from nmflab.listing.origin_words import published
from nmflab.listing.spec_words import promises_of, takes_of, value_of
from nmflab.registry import KINDS, PluginFailure, PluginInfo, Registry, UnknownPlugin
from nmflab.splits import SPLITS
from nmflab.weighting import WEIGHTINGS

CHOICES: dict[str, dict[str, type[Any]]] = {
    "weighting": dict(WEIGHTINGS),
    "split": dict(SPLITS),
    "objective": dict.fromkeys(sorted(LOSSES), Objective),
}
"""What is chosen by name and is nmflab's own."""

LOSS_DOCS = {
    "frobenius": "``½‖X − WH‖_F²``; penalties l1_W, l1_H, l2_W, l2_H, as in all these.",
    "kullback_leibler": "``Σ x log(x/y) − x + y``: counts; the beta-divergence at 1.",
    "itakura_saito": "``Σ x/y − log(x/y) − 1``: X above 0; the beta-divergence at 0.",
    "beta": "The beta-divergence at objective.beta.",
}

WIDTH = 100
"""Columns of every text here."""

_UNSET = "???"  # OmegaConf's mark for a value the user must give


_NONE_FOUND = (
    "No plugin was found, not even nmflab's own: they are found through what an"
    " installation leaves behind. Install nmflab (pip install -e . in a checkout)."
)


def list_plugins(registry: Registry, kind: str | None = None) -> str:
    """Return the installed plugins, one a line, then the faults found.

    Parameters
    ----------
    registry : Registry
    kind : str, optional
        "dataset", "init", "solver" or "metric", or their plurals; None lists all.
        Also "weighting", "split" and "objective", which are nmflab's own.

    Raises
    ------
    UnknownPlugin
        If there is no such kind.
    """
    if kind in CHOICES:
        return _choices_block(str(kind))
    words = list(KINDS) if kind is None else [kind_word(kind)]
    blocks = [_kind_block(registry, word) for word in words]
    others = [info for info in registry.plugins if info not in registry.owners.values()]
    if others and kind is None:
        blocks.append("\n".join(["others", *_columns(_other_rows(others))]))
    if registry.disabled:
        names = ", ".join(f"{info.entry_point}" for info in registry.disabled)
        blocks.append(_wrap(f"left out by NMFLAB_DISABLE_PLUGINS: {names}"))
    if registry.failures:
        blocks.append(_failures_block(registry.failures))
    if not (registry.plugins or registry.disabled or registry.failures):
        blocks.append(_wrap(_NONE_FOUND))
    return "\n\n".join(blocks)


def help_text(registry: Registry) -> str:
    """Return the plugins of each kind with their one-line docs, for ``--help``."""
    blocks = []
    for kind in KINDS.values():
        rows = [
            (name, summary(kind.class_of(spec)))
            for name, spec in registry.specs(kind.word).items()
        ]
        blocks.append("\n".join([f"{kind.config_key}:", *_columns(rows)]))
    blocks += [_choices_block(group) for group in CHOICES]
    if registry.failures:
        blocks.append(f"{len(registry.failures)} plugin fault(s): see 'nmflab list'")
    return "\n\n".join(blocks)


def show_plugin(registry: Registry, kind: str, name: str) -> str:
    """Return all there is to know about one plugin.

    Raises
    ------
    UnknownPlugin
        If there is no such kind, or no plugin of that name.
    """
    if kind in CHOICES and name in CHOICES[kind]:
        return _show_choice(kind, name)
    word = kind_word(kind)
    spec = registry.get(word, name)
    cls = KINDS[word].class_of(spec)
    text, sections = split_docstring(cls)
    blocks = [f"{word} {name}", textwrap.indent(text, "  ")]
    prefix = f"metric.{name}" if word == "metric" else KINDS[word].config_key
    blocks.append(_titled("Parameters", _parameters(cls, prefix)))
    blocks += [
        _titled(title, lines)
        for title, lines in (
            ("Takes", takes_of(spec)),
            ("Promises", promises_of(spec)),
            ("Value", value_of(spec)),
            ("Published data", published(spec)),
            ("Requires", list(spec.requires)),
        )
        if lines
    ]
    blocks += [
        _titled(title, body.splitlines())
        for title, body in sections.items()
        if title not in ("Parameters", "Attributes")
    ]
    blocks.append(_titled("Provided by", _origin(cls, registry.owners[word, name])))
    return "\n\n".join(block for block in blocks if block.strip())


def _show_choice(group: str, name: str) -> str:
    cls = CHOICES[group][name]
    text, _ = split_docstring(cls)
    parameters = _titled("Parameters", _parameters(cls, group))
    return "\n\n".join([f"{group} {name}", textwrap.indent(text, "  "), parameters])


def _choices_block(group: str) -> str:
    if group == "objective":
        rows = list(LOSS_DOCS.items())
    else:
        rows = [(name, summary(cls)) for name, cls in CHOICES[group].items()]
    return "\n".join([f"{group}:", *_columns(rows)])


def kind_word(word: str) -> str:
    """Return the kind meant by "solver", "solvers", "init", "initializations"...

    Raises
    ------
    UnknownPlugin
        If none is.
    """
    for kind in KINDS.values():
        if word in (kind.word, f"{kind.word}s", kind.plural, kind.plural[:-1]):
            return kind.word
    kinds = ", ".join([*KINDS, *CHOICES])
    raise UnknownPlugin(f"no kind of plugin named {word!r}; kinds: {kinds}")


def _kind_block(registry: Registry, word: str) -> str:
    kind = KINDS[word]
    specs = registry.specs(word)
    if not specs:
        return f"{kind.plural}: none"
    rows = []
    for name, spec in specs.items():
        owner = registry.owners[word, name]
        doc = summary(kind.class_of(spec))
        rows.append((name, f"{owner.distribution} {owner.version}", doc))
    return "\n".join([f"{kind.plural} ({kind.config_key}=...)", *_columns(rows)])


def _other_rows(others: Iterable[PluginInfo]) -> list[tuple[str, ...]]:
    return [
        (info.entry_point, f"{info.distribution} {info.version}", _module_doc(info))
        for info in others
    ]


def _module_doc(info: PluginInfo) -> str:
    module = sys.modules.get(info.module)  # there, since the registry opened the plugin
    return first_sentence((module and module.__doc__) or "(no description)")


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows in aligned columns; the last is cut at the page's width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(_cut("  " + "  ".join(cells).rstrip()))
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"


def _failures_block(failures: Iterable[PluginFailure]) -> str:
    with_traces = os.environ.get("NMFLAB_DEBUG", "") not in ("", "0")
    lines = ["not usable"]
    for one in failures:
        lines.append(f"  {one.entry_point} ({one.distribution} {one.version})")
        lines.append(_wrap(one.reason, "      "))
        if with_traces and one.traceback:
            lines.append(textwrap.indent(one.traceback.rstrip(), "      "))
    lines.append("  NMFLAB_DEBUG=1 adds tracebacks, NMFLAB_STRICT=1 makes these fatal")
    return "\n".join(lines)


def _titled(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _parameters(cls: type[Any], prefix: str) -> list[str]:
    """Return each parameter as it is written in a configuration, with type and doc."""
    docs, hints = parameter_docs(cls), typing.get_type_hints(cls)
    lines: list[str] = []
    for field in dataclasses.fields(cls):
        key, hint = f"{prefix}.{field.name}", hints[field.name]
        inner = _inner(hint)
        lines.append(f"{key}: {_type_name(hint)}{_default(field)}")
        if docs.get(field.name):
            lines += _wrap(docs[field.name], "    ").splitlines()
        if hasattr(inner, "__dataclass_fields__"):
            lines += [f"  {line}" for line in _parameters(inner, key)]
    return lines or ["none"]


def _inner(hint: Any) -> Any:  # Any: a type, a union or an Enum, as annotations are
    """Return the T of ``T | None``, else the type itself."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not types.NoneType)
    return hint


def _type_name(hint: Any) -> str:  # Any: as above
    inner = _inner(hint)
    if typing.get_origin(inner) is typing.Literal:
        return " | ".join(typing.get_args(inner))
    choices = isinstance(inner, type) and issubclass(inner, Enum)
    name = " | ".join(inner.__members__) if choices else inner.__name__
    return name if inner is hint else f"{name} | None"


def _default(field: dataclasses.Field[Any]) -> str:
    default = field.default
    if default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return ", must be given"
    if isinstance(default, Enum):
        return f" = {default.name}"
    if default == _UNSET:
        return ", must be given"
    # A default factory makes a nested dataclass, whose own lines show the defaults.
    return "" if default is dataclasses.MISSING else f" = {default!r}"


def _origin(cls: type[Any], info: PluginInfo) -> list[str]:
    lines = [
        f"{info.distribution} {info.version}, entry point '{info.entry_point}'",
        f"class {cls.__module__}.{cls.__qualname__}",
    ]
    try:
        path, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):  # no source: typed in an interpreter, or compiled
        return lines
    return [*lines, f"{path}, line {line}"]
