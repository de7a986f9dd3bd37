"""What a file holds before its options give it a meaning, and how a file is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """A full table, NaN where blank, or a CSR of the cells that were listed.

    A CSR has no duplicates; its explicit zeros stood in the file.

    Parameters
    ----------
    X : ndarray or csr_array
    row_names, column_names : sequence of str, optional
    times : ndarray of int64, optional
        When each stored cell of a CSR came to be, in its order; seconds since 1970.
    """

    X: npt.NDArray[Any] | csr_array
    row_names: Sequence[str] | None = None
    column_names: Sequence[str] | None = None
    times: npt.NDArray[np.int64] | None = None


def refuse(path: Path, sentence: str) -> ValueError:
    """Return the error that says what is wrong with a file."""
    return ValueError(f"dataset.path={path}: {sentence}")


def attempt(path: Path, what: str, parse: Callable[[], T]) -> T:
    """Call a parser; whatever it stumbles on becomes a sentence about the file."""
    try:
        return parse()
    except MemoryError:
        raise
    except Exception as error:  # parsers of damaged files raise nearly anything
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise refuse(
            path,
            f"not a readable {what}, it may be truncated or damaged; write or fetch it"
            f" again (the reader says: {reason})",
        ) from error
