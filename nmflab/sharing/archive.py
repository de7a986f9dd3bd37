"""A folder as an archive: the same files give the same bytes."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

SUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell: when a file was written is nobody's business."""


def files_of(folder: Path) -> list[Path]:
    """Return every file below a folder, in an order that is the same everywhere."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def write_sums(folder: Path) -> None:
    """Write the sha256 of every file, as ``sha256sum -c`` reads it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}"
        f"  {path.relative_to(folder).as_posix()}\n"
        for path in files_of(folder)
        if path.name != SUMS
    ]
    (folder / SUMS).write_bytes("".join(lines).encode())


def write_zip(folder: Path, target: Path) -> None:
    """Write a folder as a zip that holds it under its name; whole or not at all."""
    beside = target.with_name(f".{target.name}.new")
    try:
        with zipfile.ZipFile(beside, "w") as archive:
            for path in files_of(folder):
                name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
                entry = zipfile.ZipInfo(name, date_time=_EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # as on Unix, wherever it is written
                entry.external_attr = 0o644 << 16
                with archive.open(entry, "w") as out, path.open("rb") as content:
                    while block := content.read(1 << 20):
                        out.write(block)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive that `write_zip` wrote."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(f"/{SUMS}") for name in archive.namelist())
