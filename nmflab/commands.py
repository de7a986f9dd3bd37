"""What the commands do, for the command line and for Python alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmflab import session
from nmflab.config import ConfigError
from nmflab.coordinator import Coordinator, DryRun, Outcome
from nmflab.expand import CONFIG_NAME, Space, expand
from nmflab.misspelt import explain
from nmflab.store import Store


def spaces_of(arguments: Sequence[str]) -> tuple[list[Space], str | None]:
    """Return the spaces some overrides ask for, and the experiment's name if any.

    Goes through Hydra's own multirun and the sweeper `study`.

    Raises
    ------
    ConfigError
        For anything in the overrides that does not fit; the key is named.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    loaded = session.registry()

    def expanded(
        loader: Any, overrides: list[str], params: Any, choices: Mapping[str, Any]
    ) -> tuple[list[Space], str | None]:
        spaces = expand(loader, overrides, params, registry=loaded)
        return spaces, choices.get("experiment")

    with session.hydra() as hydra:
        try:
            found: tuple[list[Space], str | None] = hydra.multirun(
                CONFIG_NAME, expanded, list(arguments), with_log_configuration=False
            )
        except (HydraException, OmegaConfBaseException) as error:
            raise explain(error, arguments, loaded) from error
    return found


def sweep(
    arguments: Sequence[str], *, quiet: bool = False
) -> tuple[Outcome | DryRun, Path | None]:
    """Run a sweep, or say what it would do; return the outcome and the report's page.

    Raises
    ------
    ConfigError, StoreError
        Before anything is lost; see `nmflab.coordinator.Coordinator`.
    """
    spaces, experiment = spaces_of(arguments)
    coordinator = Coordinator(
        spaces, session.registry(), command=arguments, name=experiment, quiet=quiet
    )
    if coordinator.settings["dry_run"]:
        return coordinator.dry_run(), None
    outcome = coordinator.run()
    if not coordinator.settings["report"]:
        return outcome, None
    return outcome, report([outcome.folder])


def report(folders: Sequence[Path], *, all_sweeps: bool = False) -> Path:
    """Build a study's report from its store alone; return the page.

    Raises
    ------
    ConfigError
        If more than one study is named: merging is not there yet.
    StoreError
        If there is no study in the folder.
    """
    from nmflab.report import build

    if len(folders) != 1:
        raise ConfigError(
            f"report: {len(folders)} studies given; name one, as in nmflab report"
            " studies/movie_ratings"
        )
    with Store.open(folders[0]) as store:
        return build(store, session.registry().sections, all_sweeps=all_sweeps)
