"""A study as an archive that may be published: cleaned, complete, reproducible."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nmflab.config import ConfigError
from nmflab.registry import Registry
from nmflab.report import build
from nmflab.report.numbers import moment
from nmflab.sharing.archive import files_of, is_archive, write_sums, write_zip
from nmflab.sharing.hiding import scrubber_of
from nmflab.sharing.readme import left_out, readme
from nmflab.sharing.scrubbing import Scrubber
from nmflab.sharing.terms import Decision, decisions
from nmflab.store import Store
from nmflab.store.cleaning import Cleaning, cleaned_copy

OPTIONS = {
    "data": ("terms", "include", "none"),
    "factors": ("terms", "all", "none"),
    "figures": ("all", "none"),
    "all": ("false", "true"),
}
"""The choices of each option; the first is what is done where it is not given."""

FILES = {
    "README.md": "this page",
    "CITATION.bib": "what to cite, as BibTeX",
    "study.yaml": "configuration, versions and fingerprints of the data, to be read",
    "runs.sqlite": "the study: configurations, results, metrics, traces",
    "factors": "factors too large for runs.sqlite",
    "log.txt": "what the runs printed",
    "report/index.html": "the report",
    "report/report.md": "the same as Markdown",
    "report/runs.csv": "every run with its metrics, a line each",
    "report/references.bib": "the same as CITATION.bib",
    "report/environment.txt": "versions of everything installed",
    "report/figures": "the charts as SVG",
}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
        The archive, or the folder.
    size : int
        Bytes.
    decided : sequence of Decision
        What became of each data set.
    left_out : sequence of str
        What is not in it, in sentences.
    """

    path: Path
    size: int
    decided: Sequence[Decision] = field(repr=False)  # they hold the data
    left_out: Sequence[str]

    def __str__(self) -> str:
        lines = [f"{self.path} ({self.size / 1e6:,.1f} MB)", "not in it:"]
        return "\n".join([*lines, *(f"  {line}" for line in self.left_out)])


def export(
    study: Path, registry: Registry, *, out: Path | None = None, **asked: str
) -> Exported:
    """Write a study as an archive fit for a repository.

    Hosts, users and folders are taken out of everything; of data that may not be passed
    on, all content is; the report is built anew from what is left. The same study gives
    the same bytes.

    Parameters
    ----------
    study : Path
        The study's folder; only read.
    registry : Registry
        For terms of data, and for sections of the report that plugins add.
    out : Path, optional
        A ``.zip``, or a folder that is empty or not there; by default ``<study>.zip``
        in the working folder.
    **asked : str
        See `OPTIONS`.

    Raises
    ------
    ConfigError
        For an unknown option or choice, or an `out` that would overwrite something.
    StoreError
        If there is no study, or a file of its factors is gone.
    """
    chosen = _chosen(asked)
    with Store.open(study) as store:
        name = store.name
        target = out or Path(f"{name}.zip")
        _check_target(target, study)
        decided = decisions(
            store, registry, data=chosen["data"], factors=chosen["factors"]
        )
        scrubber = scrubber_of(store, registry)

    def fill(folder: Path) -> None:
        _fill(folder, study, decided, scrubber, registry, chosen)

    try:
        size = _placed(target, name, fill)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(
            f"export: out={target}: {target.parent} is a file; name another place"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"export: cannot write out={target}: {error.strerror or error}; free some"
            " space, or name another place"
        ) from error
    return Exported(target, size, decided, left_out(decided))


def _placed(target: Path, name: str, fill: Callable[[Path], None]) -> int:
    """Fill a folder beside the target, then put it in its place; return the bytes."""
    parent = target.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    as_zip = target.suffix == ".zip"
    with tempfile.TemporaryDirectory(dir=parent, prefix=".nmflab-export-") as made:
        folder = Path(made) / (name if as_zip else target.name)
        folder.mkdir()
        fill(folder)
        if as_zip:
            write_zip(folder, target)
        else:
            with suppress(FileNotFoundError):
                target.rmdir()
            folder.replace(target)
    return sum(f.stat().st_size for f in ([target] if as_zip else files_of(target)))


def _chosen(asked: dict[str, str]) -> dict[str, str]:
    for name, value in asked.items():
        if name not in OPTIONS:
            known = ", ".join(f"{option}=" for option in ("out", *OPTIONS))
            raise ConfigError(f"export: no option {name}=; there are {known}")
        if value not in OPTIONS[name]:
            raise ConfigError(
                f"export: {name}={value}; choose from {', '.join(OPTIONS[name])}"
            )
    return {name: asked.get(name, choices[0]) for name, choices in OPTIONS.items()}


def _check_target(target: Path, study: Path) -> None:
    if study.resolve() in (target.resolve(), *target.resolve().parents):
        raise ConfigError(
            f"export: out={target} lies in the study {study}; name a place outside it"
        )
    if target.suffix == ".zip":
        if target.exists() and not is_archive(target):
            raise ConfigError(
                f"export: out={target} is there and was not written by nmflab export;"
                " name another file"
            )
    elif target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(
            f"export: out={target} is there and not empty; name a new folder, or a"
            " .zip, which is replaced"
        )


def _fill(
    folder: Path,
    study: Path,
    decided: Sequence[Decision],
    scrubber: Scrubber,
    registry: Registry,
    chosen: dict[str, str],
) -> None:
    cleaning = Cleaning(
        told=scrubber.text,
        key=scrubber.key,
        hosts=scrubber.host,
        withheld={d.dataset.fingerprint for d in decided if not d.data},
        without_factors={d.dataset.fingerprint for d in decided if not d.factors},
        names=set(_names(decided)),
        left_out=left_out(decided),
    )
    for file in cleaned_copy(study, folder / "runs.sqlite", cleaning):
        (folder / "factors").mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # gone already: the report says so
            shutil.copyfile(study / "factors" / file, folder / "factors" / file)
    _copy_summary(study, folder, scrubber)
    if not cleaning.withheld:  # what runs print may quote the data
        _copy_log(study, folder, scrubber)
    with Store.open(folder, address=folder.name) as store:
        _report(store, registry, chosen)
        shutil.copyfile(folder / "report" / "references.bib", folder / "CITATION.bib")
        there = [(f, what) for f, what in FILES.items() if (folder / f).exists()]
        there.insert(0, ("README.md", FILES["README.md"]))
        text = readme(store, decided, there)
    (folder / "README.md").write_bytes(text.encode())
    write_sums(folder)


def _names(decided: Iterable[Decision]) -> Iterable[str]:
    for one in decided:
        if not one.data:
            yield from one.dataset.row_names or ()
            yield from one.dataset.column_names or ()


def _report(store: Store, registry: Registry, chosen: dict[str, str]) -> None:
    last = max((s.finished or s.started for s in store.sweeps()), default=None)
    every = chosen["all"] == "true"
    made = f"from runs of {moment(last)}" if last else "without a run"
    build(store, registry.sections, all_sweeps=every, created=made)
    if chosen["figures"] == "none":
        _without_figures(store.folder / "report")


def _without_figures(report: Path) -> None:
    """Leave out the charts as files, and what shows them in the Markdown."""
    shutil.rmtree(report / "figures", ignore_errors=True)
    text = (report / "report.md").read_text(encoding="utf-8")
    bare = re.sub(r"!\[[^\]]*\]\(figures/[^)]*\)\s*", "", text)
    (report / "report.md").write_bytes(bare.encode())


def _copy_summary(study: Path, folder: Path, scrubber: Scrubber) -> None:
    import yaml

    source = study / "study.yaml"
    if not source.exists():
        return
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"export: cannot read {source} ({error}); give the sweep's command again,"
            " which writes it anew and keeps finished runs"
        ) from error
    host = (content.get("provenance") or {}).get("host")
    if host:
        content["provenance"]["host"] = scrubber.host(str(host))
    text = yaml.safe_dump(scrubber.tree(content), sort_keys=False, allow_unicode=True)
    (folder / "study.yaml").write_bytes(text.encode())


def _copy_log(study: Path, folder: Path, scrubber: Scrubber) -> None:
    source = study / "log.txt"
    if source.exists() and source.stat().st_size:
        lines = source.read_text(encoding="utf-8", errors="replace").splitlines()
        text = "".join(f"{scrubber.text(line)}\n" for line in lines)
        (folder / "log.txt").write_bytes(text.encode())
