"""Published files fetched before any dataset is loaded, where the user sees it.

A dataset is loaded by a child whose output is captured; so its files are downloaded
here, in the process of the command, with terms and progress on its terminal.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from nmflab.contracts import DataFile, DatasetSpec, Origin
from nmflab.fetching import FetchError, fetch
from nmflab.registry import Registry
from nmflab.sweep.nodes import plugin_object
from nmflab.sweep.plan import Data


class Downloads:
    """Fetches files of datasets; one that cannot be had is asked for once.

    Several views of one dataset would otherwise wait for the same dead server in turn.

    Parameters
    ----------
    registry : Registry
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._failed: dict[tuple[str, str], FetchError] = {}

    def missing(self, node: Mapping[str, Any]) -> Data | None:
        """Fetch all files of a configured dataset; None where they are there.

        Returns
        -------
        Data or None
            With the error and its traceback, if a file could not be had.
        """
        spec, loader = plugin_object(self._registry, "dataset", node)
        assert isinstance(spec, DatasetSpec)
        origin = spec.origin_of(loader)
        if origin is None:
            return None
        try:
            for file in origin.files:
                self._fetch(file, origin)
        except FetchError as error:
            return Data(
                error=f"dataset {node['name']} could not be loaded: {error}",
                traceback="".join(traceback.format_exception(error)),
            )
        return None

    def _fetch(self, file: DataFile, origin: Origin) -> None:
        key = (origin.page, file.name)
        if key in self._failed:
            raise self._failed[key]
        try:
            fetch(file, origin)
        except FetchError as error:
            self._failed[key] = error
            raise
