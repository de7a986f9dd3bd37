"""Users and items by name, by number, and nearly."""

from __future__ import annotations

import pytest

from nmflab.recommend import RecommendationError
from nmflab.recommend.names import Names

FILMS = Names("item", 4, ["Alien (1979)", "Aliens (1986)", "Usual Suspects, The", "7"])


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("Aliens (1986)", 1),
        ("aliens (1986)", 1),
        (" 7 ", 3),
        ("3", 2),
        ("#4", 3),
        (1, 0),
    ],
)
def test_names_come_before_numbers(asked: str | int, index: int) -> None:
    """Letter case does not matter; a name that is a number is the name."""
    assert FILMS.find(asked) == index


def test_a_part_of_a_name_is_a_hint_not_an_answer() -> None:
    """The shortest name that holds it comes first."""
    with pytest.raises(RecommendationError, match=r"mean 'Alien \(1979\)' or 'Aliens"):
        FILMS.find("alien")


def test_a_number_out_of_range_is_unknown() -> None:
    """The message says how far numbers go."""
    with pytest.raises(RecommendationError, match="from 1 to 4"):
        FILMS.find("99")


def test_a_name_that_two_bear_is_asked_back() -> None:
    """Each has a label with its number, which is understood."""
    twice = Names("item", 3, ["Kansas City", "Fargo", "Kansas City"])
    with pytest.raises(RecommendationError, match=r"'Kansas City \[1\]', 'Kansas City"):
        twice.find("Kansas City")
    assert twice.find("Kansas City [3]") == 2
