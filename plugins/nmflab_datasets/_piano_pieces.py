"""The recordings of the piano: where they come from, their notes and analysis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nmflab.contracts import DataFile, Origin
from nmflab_datasets._spectrograms import Frames, Tail, Window

MARY_SPECTROGRAM = DataFile(
    name="piano_Mary.mat",
    mirror="piano-mary/piano_Mary.mat",
    size=1_929_621,
    sha256="cdc637c59f8c13a9fa7980d8779d9c60fdbfa4dbca8bfcd3f44e305d9f8fb5e5",
)
MARY = Origin(
    page="https://gitlab.com/ngillis/nmfbook",
    files=(
        DataFile(
            name="Mary.wav",
            mirror="piano-mary/Mary.wav",
            size=150_444,
            sha256="75f49b8fa97887c3689e904fa656d45342921ad175c8314965e8ee2abc941364",
        ),
    ),
    licence="CC0 (the data sets of https://gitlab.com/ngillis/nmfbook)",
    redistributable=True,
    citation="""@article{leplat2020blind,
  title = {Blind Audio Source Separation With Minimum-Volume Beta-Divergence {NMF}},
  author = {Leplat, Valentin and Gillis, Nicolas and Ang, Andersen M. S.},
  journal = {{IEEE} Transactions on Signal Processing},
  volume = {68},
  pages = {3400--3410},
  year = {2020},
  doi = {10.1109/TSP.2020.2991801}
}""",
)
FEVOTTE = Origin(
    page="https://gitlab.com/ngillis/nmfbook",
    files=(
        DataFile(
            name="Piano.wav",
            mirror="piano-fevotte/Piano.wav",
            size=691_044,
            sha256="32cb146b1083fbd186c1f66cfb9c5d4184ddd1bebb5e6e74e38e45b88c6d7418",
        ),
    ),
    licence="CC0 (the data sets of https://gitlab.com/ngillis/nmfbook)",
    redistributable=True,
    citation="""@article{fevotte2009nonnegative,
  title = {Nonnegative Matrix Factorization with the {Itakura-Saito} Divergence: With
    Application to Music Analysis},
  author = {F{\\'e}votte, C{\\'e}dric and Bertin, Nancy and Durrieu, Jean-Louis},
  journal = {Neural Computation},
  volume = {21},
  number = {3},
  pages = {793--830},
  year = {2009},
  doi = {10.1162/neco.2008.04-08-771}
}""",
)


class Piece(Enum):
    """Which recording."""

    mary = "mary"
    fevotte = "fevotte"


@dataclass(frozen=True)
class Published:
    """A recording as it was published.

    Parameters
    ----------
    origin : Origin
        Its one file is the sound.
    rate : int
        Of the sound, Hz.
    frames : Frames
        How its publishers cut it.
    power : int
        Of the magnitudes that they factorized.
    notes : list of str
    """

    origin: Origin
    rate: int
    frames: Frames
    power: int
    notes: list[str]


PUBLISHED = {
    Piece.mary: Published(
        MARY,
        16_000,
        Frames(256, 128, Window.hamming, Tail.drop),
        1,
        ["E4", "D4", "C4"],
    ),
    Piece.fevotte: Published(
        FEVOTTE,
        22_050,
        Frames(1024, 512, Window.sine, Tail.pad),
        2,
        ["Db4", "F4", "Ab4", "C5"],
    ),
}
