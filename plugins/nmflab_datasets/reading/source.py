"""Finding a file, telling its format, and getting at its bytes and its text."""

from __future__ import annotations

import difflib
import gzip
import zlib
from pathlib import Path

from nmflab_datasets.reading.table import refuse

TEXT = (".csv", ".tsv", ".txt", ".tab", ".dat", ".data")
BINARY = (".npy", ".npz", ".mtx", ".mat", ".parquet")
COMPRESSIBLE = (*TEXT, ".npy", ".mtx")

SIGNATURES = (
    (b"\x1f\x8b", ".gz", "a gzip-compressed file"),
    (b"\x93NUMPY", ".npy", "a NumPy array"),
    (b"PK\x03\x04", ".npz", "a zip archive"),
    (b"PAR1", ".parquet", "a Parquet file"),
    (b"%%MatrixMarket", ".mtx", "a MatrixMarket file"),
    (b"MATLAB 5.0 MAT-file", ".mat", "a MATLAB file"),
    (b"\x89HDF\r\n\x1a\n", ".h5", "an HDF5 file"),
    (b"MATLAB 7.3 MAT-file", ".h5", "a MATLAB 7.3 file (HDF5 inside)"),
    (b"%PDF", ".pdf", "a PDF document"),
    (b"\x89PNG", ".png", "an image"),
    (b"BZh", ".bz2", "a bzip2-compressed file"),
    (b"\xfd7zXZ", ".xz", "an xz-compressed file"),
    (b"\x80\x03", ".pickle", "a Python pickle"),
    (b"\x80\x04", ".pickle", "a Python pickle"),
    (b"\x80\x05", ".pickle", "a Python pickle"),
    (b"\xd0\xcf\x11\xe0", ".xls", "an old Excel or Word file"),
    (b"<!doctype html", ".html", "a web page"),
    (b"<html", ".html", "a web page"),
    (b"<?xml", ".xml", "an XML document"),
)


def locate(given: str) -> Path:
    """Return the path of an existing, readable, non-empty file.

    Raises
    ------
    FileNotFoundError, ValueError, PermissionError
        Each a sentence.
    """
    path = Path(given)
    try:
        path = path.expanduser()
        if path.is_dir():
            raise refuse(path, f"this is a folder; name a file in it{_some_of(path)}")
        if not path.exists():
            raise FileNotFoundError(_missing(path))
        if not path.is_file():
            raise refuse(path, "this is a device or a pipe; name a plain file")
        if path.stat().st_size == 0:
            raise refuse(path, "the file is empty; write or fetch it again")
        with path.open("rb"):
            return path
    except PermissionError:
        raise PermissionError(
            f"dataset.path={path}: permission denied; make it readable for this account"
        ) from None
    except RuntimeError as error:  # a home folder of someone unknown
        raise refuse(path, f"{error}; write the path in full") from None


def format_of(path: Path) -> tuple[str, bool]:
    """Return a known suffix, and whether the file is gzip-compressed.

    Raises
    ------
    ValueError
        For a suffix that is not known, or not known together with .gz.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_gz = suffixes[-1:] == [".gz"]
    suffix = "".join(suffixes[-2:-1] if is_gz else suffixes[-1:])
    if suffix == ".pq":
        suffix = ".parquet"
    if suffix not in TEXT + BINARY:
        raise refuse(
            path,
            f"the ending {suffix or 'of its name'!r} is not one of"
            f" {', '.join(TEXT + BINARY)}; export the data to one of these (a"
            " spreadsheet to .csv) or rename the file if it is one",
        )
    if is_gz and suffix not in COMPRESSIBLE:
        raise refuse(path, f"a {suffix} is not read while compressed; unpack it first")
    return suffix, is_gz


def octets(path: Path) -> bytes:
    """Return a file's bytes, decompressed where its name ends in .gz.

    Raises
    ------
    ValueError
        If it is truncated, empty inside, or not what its name says.
    """
    suffix, is_gz = format_of(path)
    content = path.read_bytes()
    if is_gz:
        if not content.startswith(b"\x1f\x8b"):
            raise refuse(
                path, "its name ends in .gz but it is not compressed; drop the .gz"
            )
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise refuse(
                path,
                f"the compressed file is truncated or damaged ({error}); fetch it"
                " again",
            ) from None
        if not content:
            raise refuse(path, "the compressed file is empty; fetch it again")
    check_signature(path, suffix, content[:64])
    return content


def check_signature(path: Path, suffix: str, head: bytes) -> None:
    """Refuse a file that begins like one of another format."""
    expected = suffix if suffix in (".npy", ".npz", ".mtx", ".parquet") else None
    lowered = head.lstrip().lower()
    for signature, ending, what in SIGNATURES:
        if head.startswith(signature) or (
            signature.startswith(b"<") and lowered.startswith(signature)
        ):
            if ending != suffix:
                raise refuse(path, _other(suffix, ending, what))
            return
    if expected is not None:
        raise refuse(
            path,
            f"its name ends in {suffix} but it does not begin like one; rename it after"
            " what it is, or write it again",
        )


def text_of(path: Path, encoding: str) -> str:
    """Return a file's text, its lines ended by single line feeds.

    Raises
    ------
    ValueError
        If it is not in that encoding, or holds NUL bytes.
    """
    content = octets(path)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            path,
            f"line {line} is not {encoding} text; give its encoding, as in"
            " dataset.encoding=latin-1, cp1252 or utf-16",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refuse(
            path,
            f"line {line} holds NUL bytes, so this is no text or a damaged one; if"
            " every second byte is NUL, give dataset.encoding=utf-16",
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _other(suffix: str, ending: str, what: str) -> str:
    if ending == ".h5" and suffix == ".mat":
        return f"this is {what}; save it from MATLAB with -v7"
    mend = "export the data as .csv"
    if ending == ".html":
        mend = "fetch the file itself, not the page about it"
    elif ending == ".gz":
        mend = "add .gz to its name"
    elif ending in TEXT + BINARY:
        mend = f"rename it to end in {ending}, if that is what it is"
    return f"its name ends in {suffix} but it is {what}; {mend}"


def _missing(path: Path) -> str:
    looked = "" if path.is_absolute() else f" (the working folder is {Path.cwd()})"
    if not path.parent.is_dir():
        return f"dataset.path={path}: there is no folder {path.parent}{looked}"
    names = [entry.name for entry in path.parent.iterdir()]
    close = difflib.get_close_matches(path.name, names, n=1)
    hint = f"; did you mean {str(path.parent / close[0])!r}?" if close else ""
    return f"dataset.path={path}: no such file{looked}{hint}"


def _some_of(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    fit = [name for name in names if Path(name).suffix in (*TEXT, *BINARY, ".gz")]
    return f", such as {', '.join(fit[:3])}" if fit else ""
