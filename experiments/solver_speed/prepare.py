"""Turn the local copies of ORL, BBC and MovieLens 100K into files nmflab reads.

    python experiments/solver_speed/prepare.py [--data FOLDER] [FOLDER]

Writes ``orl.npy``, ``bbc.mtx`` and ``u.data`` into FOLDER, by default a folder of
nmflab's cache, from ``orl/att_faces.zip``, ``bbc/bbc.zip`` and
``movielens-100k/ml-100k.zip`` under ``--data``, by default ``$NMFLAB_DATA``. Nothing is
downloaded, and what is there already is left as it is.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

IMAGE = (112, 92)


def faces(archive: zipfile.ZipFile) -> bytes:
    """Return the 400 x 10304 grey values of ORL as .npy; people, then images, in order.

    Raises
    ------
    ValueError
        If there are not 400 images of 112 x 92.
    """
    found = {
        (int(m[1]), int(m[2])): name
        for name in archive.namelist()
        if (m := re.search(r"s(\d+)/(\d+)\.pgm$", name))
    }
    if len(found) != 400:
        raise ValueError(f"{archive.filename}: {len(found)} images, and ORL has 400")
    X = np.array([grey(archive.read(found[key])).ravel() for key in sorted(found)])
    content = io.BytesIO()
    np.save(content, X.astype(np.float64))
    return content.getvalue()


def grey(image: bytes) -> npt.NDArray[np.uint8]:
    """Return the 112 x 92 pixels of a binary PGM ("P5") with values up to 255."""
    header = re.match(rb"P5\s+(?:#.*\s+)*(\d+)\s+(\d+)\s+(\d+)\s", image)
    if header is None or int(header[3]) > 255:
        raise ValueError("an image of the archive is no binary PGM with 8 bits a pixel")
    shape = int(header[2]), int(header[1])
    if shape != IMAGE:
        raise ValueError(f"an image of the archive is {shape}, and ORL's are {IMAGE}")
    return np.frombuffer(image, np.uint8, offset=header.end()).reshape(shape)


def member(name: str) -> Callable[[zipfile.ZipFile], bytes]:
    """Return a function that takes one file out of an archive as it is."""
    return lambda archive: archive.read(name)


SOURCES: Mapping[str, tuple[str, Callable[[zipfile.ZipFile], bytes]]] = {
    "orl.npy": ("orl/att_faces.zip", faces),
    "bbc.mtx": ("bbc/bbc.zip", member("bbc.mtx")),
    "u.data": ("movielens-100k/ml-100k.zip", member("ml-100k/u.data")),
}
"""What is written, from which archive, and how."""


def prepare(name: str, data: Path | None, folder: Path) -> Path | str:
    """Return the path of a file made ready, or a sentence on why there is none.

    Parameters
    ----------
    name : str
        One of `SOURCES`.
    data : Path or None
        Where the archives are.
    folder : Path
        Where the file is, or is written to, whole or not at all.
    """
    archive, make = SOURCES[name]
    path = folder / name
    if path.exists():
        return path
    if data is None:
        return f"no {name}: name the folder that holds {archive} with NMFLAB_DATA"
    if not (data / archive).exists():
        return f"no {name}: there is no {archive} in {data}"
    with zipfile.ZipFile(data / archive) as opened:
        content = make(opened)
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{name}.{os.getpid()}.part")
    beside.write_bytes(content)
    beside.replace(path)
    return path


def data_folder() -> Path | None:
    """Return the folder that ``NMFLAB_DATA`` names, or None."""
    named = os.environ.get("NMFLAB_DATA")
    return Path(named).expanduser() if named else None


def ready_folder() -> Path:
    """Return where files made ready lie unless told otherwise."""
    from nmflab.caches import cache_dir

    return cache_dir() / "solver_speed"


def main() -> None:
    """Make all files ready and print where they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ready_folder())
    parser.add_argument("--data", type=Path, default=data_folder())
    asked = parser.parse_args()
    for name in SOURCES:
        print(prepare(name, asked.data, asked.folder))


if __name__ == "__main__":
    main()
