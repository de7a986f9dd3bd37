"""What is installed: every plugin, by kind and name, and why some are not usable.

    registry = load()
    registry.get("solver", "hals")      # its SolverSpec, or UnknownPlugin with a hint

Each entry point of the group ``nmflab`` is opened by itself, nmflab's own included. A
plugin that fails is a `PluginFailure`; the rest works. Nothing heavier than NumPy and
pluggy is imported here.
"""

from nmflab.registry.catalogue import Registry, UnknownPlugin
from nmflab.registry.discovery import PluginFailure, PluginInfo
from nmflab.registry.kinds import KINDS, Kind
from nmflab.registry.loading import PluginError, load

__all__ = [
    "KINDS",
    "Kind",
    "PluginError",
    "PluginFailure",
    "PluginInfo",
    "Registry",
    "UnknownPlugin",
    "load",
]
