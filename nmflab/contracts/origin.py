"""Where published data come from, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One published file, and what tells that a copy of it is the right one.

    Parameters
    ----------
    name : str
        Its name in the user's cache, without folders; unique within its `Origin`.
    mirror : str
        Its path below the folder that ``NMFLAB_DATA`` names, with ``/``.
    size : int
        Bytes; of a copy where the publisher's file was not at hand.
    url : str, optional
        Where it is downloaded. None: the publisher has no address for the file alone,
        so it is fetched by hand from `Origin.page`.
    sha256 : str, optional
        Of the file as published, in hexadecimal. None where it is not known.
    members : mapping of str to str
        The sha256 of each member of an archive (or of what a gzip holds, by its name)
        that is read. They decide where the file itself has another checksum, as an
        archive has that was packed anew.
    contents : str, optional
        In place of `members` for archives of very many files: the sha256 over a line
        of ``<name> <sha256>`` and a newline for each regular file, sorted by name.

    Raises
    ------
    ValueError
        If no checksum of any kind is given.
    """

    name: str
    mirror: str
    size: int
    url: str | None = None
    sha256: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    contents: str | None = None

    def __post_init__(self) -> None:
        if not (self.sha256 or self.members or self.contents):
            raise ValueError(
                f"data file {self.name}: no checksum; give sha256, members with the"
                " sha256 of each, or contents"
            )
        if "/" in self.name or "\\" in self.name:
            raise ValueError(f"data file {self.name!r}: a name holds no folders")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The publisher of a dataset, its terms and its files.

    Parameters
    ----------
    page : str
        The publisher's page, for people.
    files : tuple of DataFile
    licence : str
        The terms of use in a sentence or two; shown before the first download.
    redistributable : bool
        Whether the terms let anyone pass the data on.
    citation : str
        BibTeX, as the data's authors ask to be cited.
    """

    page: str
    files: tuple[DataFile, ...]
    licence: str
    redistributable: bool
    citation: str
