"""One report of several studies, in a folder of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nmflab.config import PER_RUN
from nmflab.contracts import ReportPart
from nmflab.report import build
from nmflab.store import MergedStore
from nmflab.sweep.folder import refuse_studies

_LONGEST = 100
"""Letters of a folder's name; some file systems take 143."""


def merged_report(
    folders: Sequence[Path],
    sections: Sequence[ReportPart] = (),
    *,
    out: Path | None = None,
    all_sweeps: bool = False,
) -> Path:
    """Write one report of several studies; return its page.

    Parameters
    ----------
    folders : sequence of Path
        The studies; none of them is written to.
    sections : sequence of ReportPart
        From plugins.
    out : Path, optional
        The report's folder; by default ``studies/A+B-report``, after the studies.
    all_sweeps : bool, default False
        Every run of the studies, not only of the last command of each.

    Raises
    ------
    ConfigError
        If the report would be written into a study.
    StoreError
        If a folder is no study, is from a newer nmflab, or is named twice.
    """
    with MergedStore(folders, settings=PER_RUN, all_sweeps=all_sweeps) as store:
        tags = [study.tag for study in store.merge.studies]
        target = out or default_folder(tags)
        refuse_studies(target)
        return build(store, sections, all_sweeps=True, into=target)


def default_folder(tags: Sequence[str]) -> Path:
    """Return where the report of studies called so goes."""
    name = "+".join(re.sub(r"[^\w.+-]+", "-", tag) for tag in tags)
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST].rstrip('-+.')}-and-more"
    return Path("studies") / f"{name}-report"
