"""Messages for configurations that do not fit: what, where, how to mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from nmflab.config import GROUPS, SCALARS, SETTINGS, ConfigError, node_classes
from nmflab.instances import unknown_parameter


def unknown_key(
    name: str, known: Sequence[str], *, what: str = "key", where: str = "configuration"
) -> str:
    """Return the sentence for a name that does not exist, with the nearest one."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"no {what} named '{name}' in the {where}; known: {', '.join(known)}.{hint}"


def explain(
    error: BaseException, overrides: Sequence[str], registry: Any
) -> ConfigError:
    """Return Hydra's or OmegaConf's complaint as one sentence that can be acted on.

    Parameters
    ----------
    error : exception
        What was raised while composing.
    overrides : sequence of str
        What was being composed.
    registry : Registry or None
        Knows what is installed, and which plugin failed.
    """
    text = _innermost(error)
    found = re.search(r"Could not find '(\w+)/([^']+)'", text)
    if found:
        return ConfigError(_unknown_choice(found[1], found[2], text, registry))
    found = re.search(r"(?:You must specify '|runtime\.choices\.)(\w+)", text)
    if found:
        names = _names(registry, found[1])
        return ConfigError(f"no {found[1]} chosen; give {found[1]}=<one of {names}>")
    key = _key_of(text) or _override_key(text)
    if "is not in struct" in text or "not in" in text:
        return ConfigError(_unknown_field(key, text, registry))
    value = next((o for o in overrides if o.split("=")[0].lstrip("+~") == key), key)
    if "is not a subclass of" in text:
        return ConfigError(
            f"{value}: {key} has keys of its own, which `nmflab --cfg job` shows; set"
            f" one of them, as in {key}.<key>=<value>"
        )
    return ConfigError(f"{value}: {text.splitlines()[0]}")


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        if str(error).startswith("Could not override"):
            return f"{error}\n{error.__cause__}"
        error = error.__cause__
    return str(error)


def _key_of(text: str) -> str | None:
    found = re.search(r"full_key: ([\w.\[\]]+)", text)
    return found[1] if found else None


def _override_key(text: str) -> str:
    found = re.search(r"'([\w./]+)'", text)
    return found[1] if found else "configuration"


def _names(registry: Any, group: str) -> str:
    if registry is None:
        return "those that `nmflab list` shows"
    return ", ".join(n for g, n, _ in node_classes(registry) if g == group)


def _unknown_choice(group: str, name: str, text: str, registry: Any) -> str:
    kinds = ("dataset", "init", "solver")
    if registry is not None and group in kinds:
        try:
            registry.get(group, name)
        except LookupError as error:
            return str(error.args[0])
    listed = re.search(r"Available options in '\w+':\n((?:\t.*\n?)*)", text)
    known = listed[1].split() if listed else []
    message = unknown_key(name, known, what=group, where=f"config key '{group}'")
    return message.replace("in the config key", "(config key").replace("';", "');")


def _unknown_field(key: str, text: str, registry: Any) -> str:
    group, _, name = key.partition(".")
    found = re.search(r"object_type=(\w+)", text)
    if group in GROUPS and name and found and registry is not None:
        for other, _, cls in node_classes(registry):
            if other == group and cls.__name__ == found[1]:
                message = unknown_parameter(cls, name, group)
                return f"{message} (to give parameters to some choices only, use cases)"
    if not name:
        return unknown_key(key, (*GROUPS, *SCALARS, *SETTINGS))
    return f"{key}: there is no such key; `nmflab --cfg job` shows those there are"
