"""What in a study says whose machine it was made on."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from nmflab.registry import KINDS, Registry
from nmflab.sharing.scrubbing import Scrubber
from nmflab.store import LABELS, RESULTS, Store


def scrubber_of(store: Store, registry: Registry) -> Scrubber:
    """Return what takes out the hosts of a study's sweeps, and this one, its users.

    Parameters
    ----------
    store : Store
    registry : Registry
        Its plugins' names stay, whatever a host or a user is called.
    """
    hosts = [str(s.provenance.get("host") or "") for s in store.sweeps()]
    known = dict.fromkeys(host for host in hosts if host)
    folder = store.folder
    here = [Path.home(), Path.cwd(), folder.absolute(), folder.resolve()]
    kinds = (name for kind in KINDS for name in registry.specs(kind))
    kept = {*kinds, *LABELS, *RESULTS, *(d.label for d in store.datasets()), store.name}
    for sweep in store.sweeps():
        kept |= set(_fields(sweep.base))
    return Scrubber(
        hosts=[*known, *({socket.gethostname()} - set(known))],
        users=_users(),
        folders=here,
        kept=kept,
    )


def _fields(node: object) -> Iterable[str]:
    """Yield the names of all fields of nested configuration."""
    for name, item in node.items() if isinstance(node, Mapping) else ():
        yield str(name)
        yield from _fields(item)


def _users() -> list[str]:
    with suppress(OSError, KeyError, ImportError):  # a container without accounts
        return list(dict.fromkeys([getpass.getuser(), Path.home().name]))
    return [Path.home().name]
