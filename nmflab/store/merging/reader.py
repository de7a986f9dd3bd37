"""Several studies behind the face of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.contracts import Factors
from nmflab.store.merging.facts import Merge, Study
from nmflab.store.merging.inputs import attached, checked
from nmflab.store.merging.naming import rename
from nmflab.store.merging.pairing import Pairing
from nmflab.store.merging.planned import Row, planned
from nmflab.store.merging.writing import unlike_metrics, write
from nmflab.store.reader import Store
from nmflab.store.records import Sweep

if TYPE_CHECKING:
    import pandas as pd

WITHHELD_HOST = "machine "
"""What the host of an exported study is called, before its number: no host's name has
a blank."""


class MergedStore(Store):
    """Studies from several machines, read as one; none of them is written to.

    A run that several studies made with the same digits is one run; its repetitions
    are its `twins`. Where digits differ both are kept, the later one under a label that
    names its study. Names that stand for different data, code or parameters in
    different studies are parted; `merge` tells all of it.

    Parameters
    ----------
    folders : sequence of Path
        The studies' folders.
    settings : sequence of str
        The settings that change a run's result; runs that differ in them are not one.
    all_sweeps : bool, default False
        Every run of the studies, not only of the last command of each.

    Raises
    ------
    StoreError
        If one is no study or from a newer nmflab, or is named twice.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        settings: Sequence[str] = (),
        all_sweeps: bool = False,
    ) -> None:
        studies = checked(folders)
        db = attached(studies)
        super().__init__(Path(" + ".join(study.tag for study in studies)), db)
        before: dict[int, int] = {}
        rows: list[Row] = []
        last = 0
        for n, study in enumerate(studies):
            ids = db.execute(f"SELECT id FROM s{n}.sweeps ORDER BY id").fetchall()
            before[n] = last
            asked = [number + last for (number,) in (ids if all_sweeps else ids[-1:])]
            last += max((number for (number,) in ids), default=0)
            studies[n] = replace(study, sweeps=tuple(asked))
            rows += planned(db, studies[n], before[n], settings)
        self._before = before
        renamed = rename(rows)
        pairing = Pairing(rows)
        write(db, studies, pairing.kept, before)
        self._merge = Merge(
            studies,
            pairing.twins,
            pairing.conflicts,
            renamed,
            pairing.stood,
            unlike_metrics(db, studies),
        )
        self._stores = [Store.open(study.folder) for study in studies]
        self._twins = {row.new_key for row in pairing.kept if row.twin_of}

    def close(self) -> None:
        """Close every file."""
        super().close()
        for store in self._stores:
            store.close()

    @property
    def name(self) -> str:
        """The studies' names."""
        return " + ".join(study.tag for study in self._merge.studies)

    @property
    def merge(self) -> Merge:
        """What was merged, and what a reader must know of it."""
        return self._merge

    @property
    def left_out(self) -> list[str]:
        """What the studies that are archives do not hold."""
        return [line for store in self._stores for line in store.left_out]

    def sweeps(self) -> list[Sweep]:
        """Return every command; one whose host is not told names its study instead."""
        return [self._placed(sweep) for sweep in super().sweeps()]

    def _placed(self, sweep: Sweep) -> Sweep:
        host = sweep.provenance.get("host")
        if host and not str(host).startswith(WITHHELD_HOST):
            return sweep
        study = max(
            (one for one in self._merge.studies if self._before[one.number] < sweep.id),
            key=lambda one: one.number,
        )
        told = f"{host or 'machine'} of {study.tag}"
        return replace(sweep, provenance={**sweep.provenance, "host": told})

    def asked(self, *, all_sweeps: bool = False) -> list[Sweep]:
        """Return the sweeps that are merged, those of the first study first."""
        del all_sweeps  # decided when the studies were opened
        wanted = {number for study in self._merge.studies for number in study.sweeps}
        return [sweep for sweep in self.sweeps() if sweep.id in wanted]

    def runs(
        self, sweep: int | None = None, *, all_sweeps: bool = False
    ) -> pd.DataFrame:
        """Return one row a planned run, without twins; see `Store.runs`."""
        del all_sweeps
        found = self._every(sweep)
        return found[~found["key"].isin(self._twins)].reset_index(drop=True)

    def twins(self) -> pd.DataFrame:
        """Return the runs that another study has with the same digits."""
        found = self._every(None)
        return found[found["key"].isin(self._twins)].reset_index(drop=True)

    def _every(self, sweep: int | None) -> pd.DataFrame:
        return super().runs(sweep, all_sweeps=sweep is None)

    def studies_of(self) -> dict[str, Study]:
        """Return the study that each run is from, by key; twins included."""
        rows = self._db.execute("SELECT key, study FROM keymap").fetchall()
        return {key: self._merge.studies[number] for key, number in rows}

    def factors(self, key: str) -> Factors | None:
        """Return a run's factors; see `Store.factors`."""
        row = self._db.execute(
            "SELECT study, original FROM keymap WHERE key=?", (key,)
        ).fetchone()
        return None if row is None else self._stores[row[0]].factors(row[1])
