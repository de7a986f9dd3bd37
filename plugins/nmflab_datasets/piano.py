"""Spectrograms of two short piano pieces whose notes are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Matrix, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._matfiles import read_variables
from nmflab_datasets._piano_pieces import MARY_SPECTROGRAM, PUBLISHED, Piece
from nmflab_datasets._spectrograms import Frames, Tail, Window, read_wav, spectrogram
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

SPECTROGRAM_SHAPE = (129, 586)
"""Of the published magnitudes: frequencies by frames."""


class Source(Enum):
    """The sound, analysed here, or the spectrogram its publishers made of it."""

    wav = "wav"
    spectrogram_file = "spectrogram_file"


class Samples(Enum):
    """Which side of the spectrogram is the sample."""

    frames = "frames"
    frequencies = "frequencies"


_ANALYSIS = ("window_length", "hop", "window", "tail")


@dataclass(frozen=True, kw_only=True)
class Piano:
    """Spectrogram of a piano, ``x_tf = |Σ_n w_n s_(t·hop+n) e^(−2πi f n / L)|^power``.

    ``mary``: the first bars of "Mary had a little lamb", 586 frames x 129 frequencies;
    ``fevotte``: four notes all at once, then by pairs, 674 x 513. Dense.

    Parameters
    ----------
    piece : {mary, fevotte}, default mary
        4.7 s at 16 kHz of three notes, or 15.7 s at 22.05 kHz of four.
    source : {wav, spectrogram_file}, default wav
        ``spectrogram_file`` takes the magnitudes published beside ``mary``, which the
        sound gives too, to rounding, with the defaults here.
    window_length : int, optional
        L, in samples of the sound. None: 256 of ``mary``, 1024 of ``fevotte``.
    hop : int, optional
        From one frame to the next, in samples of the sound. None: half a window.
    window : {hamming, hann, sine, rectangular}, optional
        w, symmetric. None: hamming for ``mary``, sine for ``fevotte``.
    tail : {drop, pad}, optional
        What becomes of the samples behind the last full frame: left out, or filled up
        with zeros to a frame. None: drop for ``mary``, pad for ``fevotte``.
    power : int, optional
        1 for magnitudes, 2 for the power, which suits Itakura-Saito. None: 1 for
        ``mary``, 2 for ``fevotte``. In units of the sound, full scale being 1.
    samples : {frames, frequencies}, default frames

    Notes
    -----
    The values for None are those of the publications. ``frequencies`` (Hz) and
    ``times`` (s, the middle of each frame) tell the scales; with
    ``samples=frequencies`` these are ``row_frequencies`` and ``column_times``.
    ``notes`` are the notes played: the names of the pitches that components should
    have. A piano has components beside its notes, such as hammers.

    References
    ----------
    V. Leplat, N. Gillis, A. M. S. Ang, "Blind Audio Source Separation With
    Minimum-Volume Beta-Divergence NMF", IEEE Transactions on Signal Processing 68, 2020
    (mary).
    C. Févotte, N. Bertin, J.-L. Durrieu, "Nonnegative Matrix Factorization with the
    Itakura-Saito Divergence", Neural Computation 21, 793-830, 2009 (fevotte).
    """

    piece: Piece = Piece.mary
    source: Source = Source.wav
    window_length: int | None = None
    hop: int | None = None
    window: Window | None = None
    tail: Tail | None = None
    power: int | None = None
    samples: Samples = Samples.frames

    def __post_init__(self) -> None:
        for key, choices in (
            ("piece", Piece),
            ("source", Source),
            ("window", Window),
            ("tail", Tail),
            ("samples", Samples),
        ):
            if getattr(self, key) is not None:
                settle(self, key, choices)
        if self.power not in (None, 1, 2):
            raise ValueError(
                f"dataset.power must be 1 (magnitude) or 2 (power), got {self.power}"
            )
        if self.source is Source.spectrogram_file:
            self._check_file()
        else:
            self._check_frames()

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the spectrogram.

        Raises
        ------
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If it holds something else, or the sound is shorter than a window.
        """
        published, frames = PUBLISHED[self.piece], self.frames
        origin = origin_of(self)
        content = member(fetch(origin.files[0], origin), origin.files[0].name)
        if self.source is Source.spectrogram_file:
            X = magnitudes(content)
        else:
            X = spectrogram(
                read_wav(content, origin.files[0].name, published.rate), frames
            )
        power = published.power if self.power is None else self.power
        frequencies = np.fft.rfftfreq(frames.length, 1 / published.rate)
        times = (frames.hop * np.arange(len(X)) + frames.length / 2) / published.rate
        data = Dataset(
            X=X if power == 1 else X**2,
            row_names=[f"{time:.3f} s" for time in times],
            column_names=[f"{frequency:.0f} Hz" for frequency in frequencies],
            extras={
                "frequencies": frequencies,
                "times": times,
                "notes": published.notes,
            },
        )
        return data if self.samples is Samples.frames else transposed(data)

    @property
    def frames(self) -> Frames:
        """How the sound is cut: as published, but for what is given."""
        published = PUBLISHED[self.piece].frames
        length = self.window_length or published.length
        half = published.hop if length == published.length else max(1, length // 2)
        return Frames(
            length,
            self.hop or half,
            self.window or published.window,
            self.tail or published.tail,
        )

    def _check_frames(self) -> None:
        for key, least in (("window_length", 2), ("hop", 1)):
            value = getattr(self, key)
            if value is not None and value < least:
                raise ValueError(
                    f"dataset.{key} must be at least {least} samples, got {value}"
                )
        if self.frames.hop > self.frames.length:
            raise ValueError(
                f"dataset.hop={self.frames.hop} would leave out samples between"
                f" windows of {self.frames.length}; give a hop of at most"
                " dataset.window_length"
            )

    def _check_file(self) -> None:
        if self.piece is not Piece.mary:
            raise ValueError(
                f"dataset.source=spectrogram_file: none was published for"
                f" dataset.piece={self.piece.value}; use dataset.source=wav"
            )
        for key in _ANALYSIS:
            if getattr(self, key) is not None:
                raise ValueError(
                    f"dataset.{key} has no effect with dataset.source=spectrogram_file,"
                    " which is computed already; use dataset.source=wav, or leave it"
                    " out"
                )


def origin_of(piano: Piano) -> Origin:
    """Return the origin of a piece, with the one file that is read."""
    origin = PUBLISHED[piano.piece].origin
    if piano.source is Source.spectrogram_file:
        return replace(origin, files=(MARY_SPECTROGRAM,))
    return origin


def magnitudes(content: bytes) -> Matrix:
    """Return the published spectrogram, frames by frequencies, ``(586, 129)``."""
    found = read_variables(content, MARY_SPECTROGRAM.name, {"X": SPECTROGRAM_SHAPE})
    return np.ascontiguousarray(found["X"].T)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the piano."""
    yield DatasetSpec(name="piano", dataset=Piano, origin=origin_of)
