"""The parameters that all rankings share: checked, and said in words."""

from __future__ import annotations

from typing import Protocol

from nmflab_metrics._candidates import Candidates, Gain, Relevance


class RankingParameters(Protocol):
    """A metric with the parameters of a ranking."""

    @property
    def k(self) -> int:
        """Length of the lists."""
        ...

    @property
    def relevant(self) -> float | None:
        """Least value of a relevant cell; None: any above 0."""
        ...

    @property
    def gain(self) -> Gain:
        """What a relevant item adds."""
        ...


def settle(metric: RankingParameters, name: str) -> None:
    """Check the parameters in place; a word for the gain becomes its member.

    Raises
    ------
    ValueError
        Naming the parameter, the value and what would do.
    """
    if not metric.k >= 1:
        raise ValueError(
            f"metric.{name}.k must be at least 1, got {metric.k}; 5, 10 and 20 are"
            " usual"
        )
    gain: object = metric.gain
    if not isinstance(gain, Gain):
        if gain not in Gain.__members__:
            raise ValueError(
                f"metric.{name}.gain must be one of {', '.join(Gain.__members__)}, got"
                f" {gain!r}"
            )
        object.__setattr__(metric, "gain", Gain[str(gain)])  # the dataclass is frozen
    relevance(metric, name)


def relevance(metric: RankingParameters, name: str) -> Relevance:
    """Return when a cell is relevant to a metric of this name."""
    return Relevance(relevant=metric.relevant, gain=metric.gain, metric=name)


def words(candidates: Candidates, relevance: Relevance) -> str:
    """Say what was ranked, for whom."""
    return (
        f"{candidates.rows.size:,} rows ranked, {candidates.n_left_out:,} without a"
        f" relevant test cell left out; {relevance}"
    )
