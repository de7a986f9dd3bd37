"""What the commands do, for the command line and for Python alike."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmflab import session
from nmflab.config import ConfigError
from nmflab.store import Store
from nmflab.sweep.coordinator import Coordinator
from nmflab.sweep.expand import CONFIG_NAME, Space, expand
from nmflab.sweep.folder import refuse_studies
from nmflab.sweep.misspelt import explain
from nmflab.sweep.outcome import DryRun, Outcome
from nmflab.sweep.overrides import at_home, listed

if TYPE_CHECKING:
    import pandas as pd

    from nmflab.contracts import Dataset
    from nmflab.report.papers import Written
    from nmflab.store import StoredDataset


def spaces_of(arguments: Sequence[str]) -> tuple[list[Space], str | None]:
    """Return the spaces some overrides ask for, and the experiment's name if any.

    Does what Hydra's multirun does, with the sweeper `study` and without callbacks:
    those are objects made from dotted paths, which no configuration may ask for.

    Raises
    ------
    ConfigError
        For anything in the overrides that does not fit; the key is named.
    """
    from hydra._internal.callbacks import Callbacks
    from hydra.core.plugins import Plugins
    from hydra.errors import HydraException
    from hydra.types import HydraContext, RunMode
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    loaded = session.registry()

    def expanded(
        loader: Any, overrides: list[str], params: Any, choices: Mapping[str, Any]
    ) -> tuple[list[Space], str | None]:
        spaces = expand(loader, overrides, params, registry=loaded)
        return spaces, choices.get("experiment")

    with session.hydra() as hydra:
        try:
            cfg = hydra.compose_config(
                CONFIG_NAME,
                listed(at_home(arguments)),
                run_mode=RunMode.MULTIRUN,
                with_log_configuration=False,
            )
            _refuse_foreign_code(cfg)
            sweeper = Plugins.instance().instantiate_sweeper(
                hydra_context=HydraContext(
                    config_loader=hydra.config_loader, callbacks=Callbacks()
                ),
                task_function=expanded,  # type: ignore[arg-type]  # ours takes more
                config=cfg,
            )
            # Unresolved: `${n_components}` in an override is another for each run.
            task = OmegaConf.to_container(cfg.hydra.overrides.task, resolve=False)
            assert isinstance(task, list)
            found: tuple[list[Space], str | None] = sweeper.sweep(task)
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
        Before anything is lost; see `nmflab.sweep.coordinator.Coordinator`.
    """
    spaces, experiment = spaces_of(arguments)
    coordinator = Coordinator(
        spaces, session.registry(), command=arguments, name=experiment, quiet=quiet
    )
    if coordinator.settings["advise"] is not None:
        coordinator = coordinator.advised()
    if coordinator.settings["dry_run"]:
        return coordinator.dry_run(), None
    outcome = coordinator.run()
    if outcome.interrupted or not coordinator.settings["report"]:
        return outcome, None
    try:
        return outcome, report([outcome.folder])
    except Exception as error:  # the runs are safe; a report can be built again
        if os.environ.get("NMFLAB_DEBUG"):
            raise
        outcome.notes.append(
            f"the report could not be built ({type(error).__name__}: {error}); the runs"
            f" are kept: nmflab report {outcome.folder}"
        )
        return outcome, None


def _refuse_foreign_code(cfg: Any) -> None:
    """Refuse what would make Hydra import by a dotted path; cfg: Hydra's DictConfig."""
    if cfg.hydra.callbacks:
        raise ConfigError(
            "hydra.callbacks: nmflab imports nothing by dotted path from a"
            " configuration; write a plugin with the hook nmflab_run_end instead"
        )
    target = cfg.hydra.sweeper._target_
    if target != "hydra_plugins.nmflab_study.sweeper.StudySweeper":
        raise ConfigError(
            f"hydra/sweeper is {target}; nmflab's runs need hydra/sweeper=study, which"
            " is the default: leave it out"
        )


def report(
    folders: Sequence[Path], *, all_sweeps: bool = False, out: Path | None = None
) -> Path:
    """Build a report from the stores alone; return the page.

    Parameters
    ----------
    folders : sequence of Path
        One study, whose report goes into its folder; or several, merged into one
        report in a folder of its own (`nmflab.sharing.merged_report`).
    all_sweeps : bool, default False
        Every run, not only of the last command.
    out : Path, optional
        Another folder for the report.

    Raises
    ------
    ConfigError
        If no study is named, or `out` cannot be used.
    StoreError
        If there is no study in a folder, or one is named twice.
    """
    from nmflab.report import build
    from nmflab.sharing import merged_report

    sections = session.plugins().sections
    if not folders:
        raise ConfigError(
            "report: 0 studies given; name one, as in nmflab report"
            " studies/movie_ratings, or several, which are merged"
        )
    try:
        if len(folders) > 1:
            return merged_report(folders, sections, out=out, all_sweeps=all_sweeps)
        if out is not None:
            refuse_studies(out, but=folders[0])
        with Store.open(folders[0]) as store:
            return build(store, sections, all_sweeps=all_sweeps, into=out)
    except OSError as error:  # says which folder cannot be written
        raise ConfigError(str(error)) from error


def figures(folders: Sequence[Path], options: Mapping[str, str]) -> Written:
    """Write the figures and tables of a study for a paper; return what was written.

    Parameters
    ----------
    folders : sequence of Path
        One study, or several, merged.
    options : mapping
        Text by name, out of `nmflab.report.papers.asked.OPTIONS`.

    Raises
    ------
    ConfigError
        For an unknown option or value, and a folder that cannot be written.
    StoreError
        If there is no study in a folder.
    """
    from nmflab.config import PER_RUN
    from nmflab.report.papers import FiguresError, asked, write_figures
    from nmflab.store import MergedStore

    if not folders:
        raise ConfigError(
            "figures: name a study, as in nmflab figures studies/movie_ratings"
        )
    every = options.get("all", "false").lower()
    if every not in ("true", "false"):
        raise ConfigError(f"figures: all={every} is neither true nor false")
    out = Path(options["out"]).expanduser() if options.get("out") else None
    if out is not None:
        refuse_studies(out, but=folders[0] if len(folders) == 1 else None)
    sections = session.plugins().sections
    try:
        wanted = asked(options)
        if len(folders) == 1:
            with Store.open(folders[0]) as store:
                return write_figures(
                    store, wanted, sections, out=out, all_sweeps=every == "true"
                )
        if out is None:
            raise ConfigError(
                "figures: of several studies they need a folder, as in out=figures"
            )
        merged = MergedStore(folders, settings=PER_RUN, all_sweeps=every == "true")
        with merged as store:
            return write_figures(store, wanted, sections, out=out, all_sweeps=True)
    except FiguresError as error:
        raise ConfigError(f"figures: {error}") from error


RECOMMEND_OPTIONS = ("user", "top", "min_known", "run", "new", "csv", "side")
"""What may follow a study's name in `nmflab recommend`, as in ``top=5``."""

_COUNTS = {"top": "10", "min_known": "0"}


def recommend(
    folder: Path, options: Mapping[str, str]
) -> tuple[pd.DataFrame, Path | None]:
    """Return recommendations from a study, and the csv they were written to if any.

    Parameters
    ----------
    folder : Path
    options : mapping
        Text by name, out of `RECOMMEND_OPTIONS`. With ``csv`` and without ``user`` or
        ``new``, every user's.

    Raises
    ------
    ConfigError
        For an unknown option, user or item, and where nothing can be recommended.
    StoreError
        If there is no study in the folder.
    """
    from nmflab.recommend import FIRST_USERS, RecommendationError
    from nmflab.recommend import recommend as recommended

    for name in options:
        if name not in RECOMMEND_OPTIONS:
            known = ", ".join(f"{option}=" for option in RECOMMEND_OPTIONS)
            raise ConfigError(f"recommend: no option {name}=; there are {known}")
    counts = {name: options.get(name, usual) for name, usual in _COUNTS.items()}
    for name, count in counts.items():
        if not count.isdecimal():
            raise ConfigError(
                f"recommend: {name}={count} is no count; give one, as in {name}=10"
            )
    given = {name: options.get(name) for name in ("user", "new", "run", "side")}
    first = None if options.get("csv") else FIRST_USERS
    try:
        frame = recommended(
            folder,
            top=int(counts["top"]),
            min_known=int(counts["min_known"]),
            first=first,
            reopen=_cached,
            **given,
        )
    except RecommendationError as error:
        raise ConfigError(f"recommend: {error}") from error
    target = options.get("csv")
    if not target:
        return frame, None
    path = Path(target).expanduser()
    try:
        frame.to_csv(path, index=False, lineterminator="\n")
    except OSError as error:
        raise ConfigError(
            f"recommend: cannot write csv={path}: {error.strerror or error}; name a"
            " file in a folder that is there and may be written"
        ) from error
    return frame, path


def _cached(dataset: StoredDataset) -> Dataset | None:
    """Return a study's data set as this machine's cache holds it; None where not."""
    from nmflab.materialise import open_dataset, read_facts
    from nmflab.sweep.materials import data_folder

    try:
        folder = data_folder(session.registry(), dataset.config)
        if read_facts(folder)["fingerprint"] == dataset.fingerprint:
            return open_dataset(folder)
    except (FileNotFoundError, ValueError, LookupError):
        pass  # never loaded here, or the plugin that loaded it is gone or has changed
    return None
