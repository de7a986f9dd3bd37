"""What is measured on which data, and what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GAPS = (1e-2, 1e-3)
"""How far above the best known objective is near enough, as a share of it."""

N_STARTS = 8
"""Starts that race on the time of one default run of scikit-learn."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One saved study, or a variant of it on other data.

    Parameters
    ----------
    name : str
    experiment : str
        As in ``experiment=...``.
    file : str, optional
        The file of `prepare.SOURCES` it reads.
    overrides : tuple of str
        What makes the variant.
    quick : tuple of str
        Overrides that make it tiny.
    ours : str
        The case of nmflab's own solver that is raced.
    reference : str, optional
        The case of one library call: its objective is the target, its time the measure.
    reference_name : str
        What that call is, in words.
    restarts, threads : bool
        Whether several starts race on the reference's time; whether two threads are
        tried.
    footprint : tuple of str
        Cases whose time and memory per iteration are measured, each in a process of its
        own; ours first.
    on_demand : bool
        Whether it is run only when named.
    aims : mapping
        Measure, n_components and dtype to the ratio aimed at; n_components 0 is any.
    """

    name: str
    experiment: str
    file: str | None = None
    overrides: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    ours: str = "hals"
    reference: str | None = "sklearn_default"
    reference_name: str = "scikit-learn's default run"
    restarts: bool = False
    threads: bool = False
    footprint: tuple[str, ...] = ()
    on_demand: bool = False
    aims: Mapping[tuple[str, int, str], float] = field(default_factory=dict)

    def aim(self, measure: str, n_components: int, dtype: str) -> float | None:
        """Return the ratio aimed at, or None."""
        exact = self.aims.get((measure, n_components, dtype))
        return self.aims.get((measure, 0, dtype)) if exact is None else exact


_SHORT = ("stop.max_steps=40", "n_components=3")
_WORDS = ("dataset.n_documents=60", "dataset.n_terms=50", "dataset.mean_length=20")

PROBLEMS = (
    Problem(
        name="faces",
        experiment="speed_faces",
        file="orl.npy",
        quick=_SHORT,
        restarts=True,
        threads=True,
        aims={("reference", 25, "float32"): 40, ("reference", 25, "float64"): 25},
    ),
    Problem(
        name="text",
        experiment="speed_text",
        file="bbc.mtx",
        quick=_SHORT,
        restarts=True,
    ),
    Problem(
        name="zipf",
        experiment="speed_zipf",
        quick=(*_SHORT, *_WORDS),
        restarts=True,
        threads=True,
        aims={("reference", 50, "float32"): 60, ("reference", 50, "float64"): 30},
    ),
    Problem(
        name="tall",
        experiment="speed_tall",
        quick=(*_SHORT, "dataset.n_samples=80", "dataset.n_features=20"),
        restarts=True,
        threads=True,
        footprint=("hals", "sklearn_few"),
        aims={("reference", 0, "float32"): 30, ("reference", 0, "float64"): 20},
    ),
    Problem(
        name="ratings",
        experiment="speed_ratings",
        file="u.data",
        quick=_SHORT,
        ours="masked_hals",
        reference=None,
        aims={("cmfrec", 0, "float32"): 60, ("cmfrec", 0, "float64"): 60},
    ),
    Problem(
        name="kl",
        experiment="speed_kl",
        quick=(*_SHORT, *_WORDS),
        ours="kl",
        reference="sklearn_mu_100",
        reference_name="100 iterations of scikit-learn's mu",
        threads=True,
        aims={("reference", 0, "float32"): 100, ("reference", 0, "float64"): 100},
    ),
    Problem(
        name="kl_bbc",
        experiment="speed_kl",
        file="bbc.mtx",
        overrides=("dataset=file", "dataset.transpose=true"),
        quick=_SHORT,
        ours="kl",
        reference="sklearn_mu_100",
        reference_name="100 iterations of scikit-learn's mu",
    ),
    Problem(
        name="huge",
        experiment="speed_huge",
        quick=(*_WORDS, "n_components=3"),
        reference=None,
        footprint=("hals", "sklearn_few"),
        on_demand=True,
        aims={("iteration", 0, "float32"): 4, ("iteration", 0, "float64"): 4},
    ),
)
"""All of them, in the order they are run."""

MEMORY_AIM = 1.5
"""Most memory a run of "huge" should take, in bytes of X and the factors."""
