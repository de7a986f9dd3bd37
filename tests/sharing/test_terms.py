"""Whether a data set may be passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nmflab.registry import load
from nmflab.sweep.cited import terms_of_data


@pytest.mark.parametrize(
    ("node", "terms"),
    [
        ({"name": "bbc"}, "restricted"),
        ({"name": "movielens_100k"}, "restricted"),
        ({"name": "digits"}, "shared"),
        ({"name": "movie_ratings"}, "generated"),
        ({"name": "swimmer"}, "generated"),
        ({"name": "array", "folder": "x", "fingerprint": "y"}, "unknown"),
    ],
)
def test_the_publisher_decides(node: dict[str, Any], terms: str) -> None:
    """Where there is one; what nmflab makes is free, what is the user's is not."""
    assert terms_of_data(load(), node) == terms


def test_data_from_a_file_of_the_users_are_of_unknown_terms(tmp_path: Path) -> None:
    """Nobody but the user knows whether they may be passed on."""
    file = tmp_path / "X.csv"
    file.write_text("1,2\n3,4\n", encoding="utf-8")
    assert terms_of_data(load(), {"name": "file", "path": str(file)}) == "unknown"
