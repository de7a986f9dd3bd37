"""The sweeper behind ``hydra/sweeper: study``: hands a sweep to nmflab's coordinator.

Hydra composes the master configuration and calls `sweep`; no launcher is used. (Hydra
1.3 reads annotations of this module at run time: no ``from __future__`` here.)
"""

from dataclasses import dataclass, field
from typing import Any, Dict, List  # noqa: UP035 (the schema is read by OmegaConf)

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


@dataclass
class StudySweeperConf:
    """Schema of ``hydra.sweeper``; `params` holds a saved sweep, as in Hydra's own."""

    _target_: str = "hydra_plugins.nmflab_study.sweeper.StudySweeper"
    params: Dict[str, Any] = field(default_factory=dict)  # noqa: UP006


ConfigStore.instance().store(
    group="hydra/sweeper", name="study", node=StudySweeperConf, provider="nmflab"
)


class StudySweeper(Sweeper):
    """Passes overrides, the saved sweep and Hydra's loader to the task function.

    The task function is `nmflab.commands.Sweeping`, which expands and runs the sweep.
    """

    def __init__(self, params: Any = None) -> None:  # Any: a DictConfig or a dict
        super().__init__()
        self.params = params or {}

    def setup(
        self,
        *,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> None:
        """Keep what `sweep` needs; no launcher is made."""
        self.loader = hydra_context.config_loader
        self.task_function = task_function
        # A mandatory choice that is swept, as dataset is, has no value here: "???".
        choices = config.hydra.runtime.choices
        self.choices = OmegaConf.to_container(choices, resolve=False)

    def sweep(self, arguments: List[str]) -> Any:  # noqa: UP006
        """Expand and run; return what the task function returns."""
        params = self.params
        if OmegaConf.is_config(params):
            params = OmegaConf.to_container(params, resolve=True)
        return self.task_function(self.loader, arguments, params, self.choices)  # type: ignore[call-arg]


class NmflabSearchPath(SearchPathPlugin):
    """Adds the folders of plugins and of the user to Hydra's search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append them: nmflab's own files come first."""
        from nmflab.session import extra_dirs

        for folder in extra_dirs():
            search_path.append(provider="nmflab", path=folder.as_uri())
