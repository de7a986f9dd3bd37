"""Tests of what is said of the files of images, spectra, counts and graphs."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from nmflab_datasets import (
    all_aml,
    breast_cancers,
    cbcl,
    digits,
    email_eu,
    orl,
    raman,
    samson,
    tenx,
)
from nmflab_datasets._piano_pieces import FEVOTTE, MARY, MARY_SPECTROGRAM

from nmflab.contracts import DataFile, Origin
from nmflab.fetching import FetchError, fetch, member

ORIGINS = {
    "all_aml": all_aml.ORIGIN,
    "breast_cancers": breast_cancers.ORIGIN,
    "cbcl": cbcl.ORIGIN,
    "digits": digits.ORIGIN,
    "email_eu": email_eu.ORIGIN,
    "fevotte": FEVOTTE,
    "mary": MARY,
    "mary_spectrogram": Origin(
        page=MARY.page,
        files=(MARY_SPECTROGRAM,),
        licence=MARY.licence,
        redistributable=True,
        citation=MARY.citation,
    ),
    "orl": orl.ORIGIN,
    "raman": raman.ORIGIN,
    "samson": samson.ORIGIN,
    "tenx_small": tenx.ORIGIN,
}
every_origin = pytest.mark.parametrize(
    "origin", [pytest.param(origin, id=name) for name, origin in ORIGINS.items()]
)
every_file = pytest.mark.parametrize(
    ("file", "origin"),
    [
        pytest.param(file, origin, id=file.name)
        for origin in ORIGINS.values()
        for file in origin.files
    ],
)


def mirrored(file: DataFile) -> Path:
    """Return the copy of the mirror; skip where there is none."""
    path = Path(os.environ.get("NMFLAB_DATA", "")) / file.mirror
    if "NMFLAB_DATA" not in os.environ or not path.is_file():
        pytest.skip(f"NMFLAB_DATA holds no {file.mirror}")
    return path


@pytest.mark.data
@every_file
def test_the_mirror_holds_the_published_file(file, origin):
    """Its checksum and size; of what a gzip holds where it was published plain."""
    path = mirrored(file)
    assert fetch(file, origin) == path
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        content = member(path, file.name)
        assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len(content) == file.size


@pytest.mark.data
@every_file
def test_the_members_are_those_of_the_published_file(file, origin):
    """They decide where a copy was packed anew."""
    path = mirrored(file)
    for name, expected in file.members.items():
        assert hashlib.sha256(member(path, name)).hexdigest() == expected


@pytest.mark.data
def test_orl_packed_anew_is_taken(tmp_path, monkeypatch):
    """The same pictures in another order and compression."""
    file = orl.ORIGIN.files[0]
    copy = tmp_path / file.mirror
    copy.parent.mkdir()
    with (
        zipfile.ZipFile(mirrored(file)) as published,
        zipfile.ZipFile(copy, "w") as packed,
    ):
        for name in reversed(published.namelist()):
            packed.writestr(name, published.read(name))
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path))
    assert orl.faces(fetch(file, orl.ORIGIN)).shape == (400, 10304)


@every_file
def test_another_file_in_its_place_is_refused(file, origin, tmp_path, monkeypatch):
    """A download that failed long ago, such as a page of HTML."""
    copy = tmp_path / file.mirror
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"<html>Not found</html>")
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path))
    with pytest.raises(FetchError):
        fetch(file, origin)


@every_origin
def test_terms_and_citation_are_said(origin):
    """BibTeX with balanced braces, a licence, a page."""
    assert origin.licence
    assert origin.page.startswith("https://")
    assert origin.citation.startswith("@")
    assert origin.citation.count("{") == origin.citation.count("}")
    assert origin.citation.endswith("\n}")
