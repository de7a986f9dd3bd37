"""Users and items by name or number, with near names where one is not found."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from nmflab.recommend.errors import RecommendationError

_SUGGESTED = 4


@dataclass(frozen=True)
class Names:
    """What the users, or the items, of a data set are called.

    Parameters
    ----------
    what : str
        "user" or "item".
    n : int
        How many there are.
    given : sequence of str, optional
        Their names; without, they are called by number.
    """

    what: str
    n: int
    given: Sequence[str] | None = None

    @cached_property
    def labels(self) -> list[str]:
        """One label each, no two alike: names that occur twice carry their number."""
        if self.given is None:
            return [f"{self.what} {i + 1}" for i in range(self.n)]
        times = Counter(self.given)
        return [
            name if times[name] == 1 else f"{name} [{i + 1}]"
            for i, name in enumerate(self.given)
        ]

    def find(self, asked: str | int) -> int:
        """Return the index of a name, else of a number counted from 1.

        Letter case is ignored where that leaves one. A name that is a number is taken
        for the name.

        Raises
        ------
        RecommendationError
            If there is no such name, naming near ones; or if several bear it.
        """
        text = str(asked).strip()
        for fold in (str, str.casefold):
            at = self._index(text, fold)
            if at is not None:
                return at
        number = text.removeprefix("#")
        if number.isdecimal() and 1 <= int(number) <= self.n:
            return int(number) - 1
        raise RecommendationError(self._unknown(text))

    def _index(self, text: str, fold: Callable[[str], str]) -> int | None:
        folded = fold(text)
        labels = [i for i, label in enumerate(self.labels) if fold(label) == folded]
        if len(labels) == 1:
            return labels[0]
        given = [i for i, name in enumerate(self.given or ()) if fold(name) == folded]
        if len(given) > 1:
            listed = ", ".join(f"'{self.labels[i]}'" for i in given)
            raise RecommendationError(
                f"{len(given)} {self.what}s are called '{text}': give one of {listed}"
            )
        return given[0] if given else None

    def _unknown(self, text: str) -> str:
        said = f"there is no {self.what} '{text}'"
        near = self.near(text)
        if near:
            listed = " or ".join(f"'{name}'" for name in near)
            said += f"; did you mean {listed}?"
            return f"{said} A number from 1 to {self.n} is taken too."
        return f"{said}; give a name of the data set, or a number from 1 to {self.n}"

    def near(self, text: str) -> list[str]:
        """Return labels like a text: those that hold it, then those spelt alike."""
        folded = {label.casefold(): label for label in reversed(self.labels)}
        low = text.casefold()
        holding = [label for key, label in folded.items() if low and low in key]
        holding.sort(key=lambda label: (len(label), label))
        alike = [folded[key] for key in difflib.get_close_matches(low, folded, n=4)]
        return list(dict.fromkeys([*holding, *alike]))[:_SUGGESTED]
