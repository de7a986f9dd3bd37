"""What a study's record says was run: from its store, or from ``study.yaml`` alone."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from nmflab.config import AXES, PER_RUN, ConfigError
from nmflab.reproducing.pairing import run_names, side_of
from nmflab.reproducing.recorded_runs import Record, RecordedRun, mapping_in
from nmflab.reproducing.summary_file import of_summary
from nmflab.store import Store
from nmflab.sweep.nodes import node_text

SUMMARY = "study.yaml"


@contextmanager
def recorded(path: Path, sweep: int | None = None) -> Iterator[Record]:
    """Open the record of a study: its folder, an archive, or a ``study.yaml``.

    Parameters
    ----------
    path : Path
    sweep : int, optional
        Number of the command; the last one by default.

    Raises
    ------
    ConfigError
        If there is no record, or what it says cannot be used.
    StoreError
        If the study's file cannot be read.
    """
    if is_archive(path):
        with study_in(path) as folder, recorded(folder, sweep) as record:
            yield replace(record, title=str(path))
        return
    if (path / "runs.sqlite").exists():
        with Store.open(path) as store:
            yield _of_store(store, sweep)
        return
    summary = path / SUMMARY if path.is_dir() else path
    if summary.suffix not in (".yaml", ".yml") or not summary.exists():
        raise ConfigError(
            f"reproduce: there is no study at {path}: neither runs.sqlite nor"
            f" {SUMMARY}; name a folder that a sweep wrote, as studies/movie_ratings"
        )
    yield of_summary(summary)


_PARTS = ("runs.sqlite", SUMMARY)

# What zipfile raises for a damaged member, and for one packed or locked in a way that
# it does not know.
_DAMAGED = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def is_archive(path: Path) -> bool:
    """Return whether a study is given as a file of `nmflab export`."""
    return path.suffix == ".zip" and not path.is_dir()


@contextmanager
def study_in(path: Path) -> Iterator[Path]:
    """Give the folder of a study; that of an archive is there until the end.

    Raises
    ------
    ConfigError
        If an archive cannot be unpacked, or is none of a study.
    """
    if not is_archive(path):
        yield path
        return
    with TemporaryDirectory() as folder:
        unpacked(path, Path(folder))
        yield Path(folder)


def unpacked(archive: Path, folder: Path) -> None:
    """Unpack of an archive what a record is read from, and nothing beside the folder.

    Raises
    ------
    ConfigError
        If it is no archive of a study, or a damaged one.
    """
    if not archive.exists():
        raise ConfigError(f"{archive}: there is no such file")
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                path = PurePosixPath(member.filename)
                is_factors = path.parent.name == "factors" and path.suffix == ".npz"
                if path.name in _PARTS or is_factors:
                    # Its last parts only: a name in an archive may lead anywhere.
                    target = folder / ("factors" if is_factors else "") / path.name
                    target.parent.mkdir(exist_ok=True)
                    with opened.open(member) as source, target.open("wb") as copy:
                        shutil.copyfileobj(source, copy)
    except _DAMAGED as error:
        raise ConfigError(
            f"{archive} cannot be unpacked ({error}): it is damaged or no archive of"
            " nmflab export; fetch or write it again"
        ) from error
    if not any((folder / part).exists() for part in _PARTS):
        raise ConfigError(
            f"{archive} is no archive of a study: neither {' nor '.join(_PARTS)} is in"
            " it; give one that nmflab export wrote"
        )


def _of_store(store: Store, sweep: int | None) -> Record:
    side = side_of(store, sweep)
    names = run_names(side.runs)
    fingerprints = {node_text(d.config): d.fingerprint for d in store.datasets()}
    runs = []
    for key, row in side.runs.iterrows():
        config = side.configs[str(key)]
        known = row["fingerprint"]
        if not isinstance(known, str):  # a run that was never begun
            known = fingerprints.get(node_text(config["dataset"]))
        runs.append(
            RecordedRun(
                key=str(key),
                name=names[str(key)],
                dataset=str(row["dataset"]),
                solver=str(row["solver"]),
                axes={axis: config[axis] for axis in AXES},
                settings={n: config[n] for n in PER_RUN if n in config},
                case=str(row["case"] or ""),
                status=str(row["status"]),
                fingerprint=known,
            )
        )
    return Record(
        title=side.title,
        base=side.sweep.base,
        provenance=side.sweep.provenance,
        plugins=_owners(side.sweep.provenance),
        started=side.sweep.started,
        runs=runs,
        store=store,
        sweep=side.sweep.id,
    )


def _owners(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return where plugins came from, as the store keeps it by kind and name."""
    return {
        f"{kind} {known.get('name', name)}": (
            f"{known['distribution']} {known['version']}"
        )
        for kind, names in mapping_in(provenance, "plugins").items()
        for name, known in (names.items() if isinstance(names, Mapping) else ())
        if isinstance(known, Mapping) and {"distribution", "version"} <= set(known)
    }
