"""Magnitudes of the short-time Fourier transform of a recording."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from io import BytesIO

import numpy as np

from nmflab.contracts import Matrix


class Window(Enum):
    """What a frame is multiplied with."""

    hamming = "hamming"
    hann = "hann"
    sine = "sine"
    rectangular = "rectangular"


class Tail(Enum):
    """What becomes of the samples behind the last full frame."""

    drop = "drop"
    pad = "pad"


_SCIPY = {
    Window.hamming: "hamming",
    Window.hann: "hann",
    Window.sine: "cosine",
    Window.rectangular: "boxcar",
}


@dataclass(frozen=True)
class Frames:
    """How a signal is cut: length and hop in samples, window, and what ends it."""

    length: int
    hop: int
    window: Window
    tail: Tail


def read_wav(content: bytes, name: str, rate: int) -> Matrix:
    """Return the signal of a recording, full scale being 1, ``(n_samples,)``.

    Parameters
    ----------
    content : bytes
        Of a WAV file of one channel, 16 bits a sample.
    name : str
        Named in errors.
    rate : int
        That it should have, Hz.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    from scipy.io import wavfile

    try:
        found, signal = wavfile.read(BytesIO(content))
    except (ValueError, EOFError, struct.error) as error:
        raise ValueError(
            f"{name} is no WAV file ({error}); it is not the published file"
        ) from error
    if signal.ndim != 1 or signal.dtype != np.int16 or found != rate:
        raise ValueError(
            f"{name} holds an array of shape {signal.shape} and type {signal.dtype} at"
            f" {found} Hz; one channel of 16 bits at {rate} Hz was published"
        )
    scaled: Matrix = signal / 32768.0
    return scaled


def spectrogram(signal: Matrix, frames: Frames) -> Matrix:
    """Return ``|Σ_n w_n s_(t·hop + n) e^(−2πi f n / L)|``, frames by frequencies.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
    frames : Frames

    Returns
    -------
    ndarray of shape (n_frames, length // 2 + 1)

    Raises
    ------
    ValueError
        If the signal is shorter than a window.
    """
    from scipy.signal import get_window

    if signal.size < frames.length:
        raise ValueError(
            f"dataset.window_length={frames.length} is longer than the recording of"
            f" {signal.size} samples; give a shorter one"
        )
    surplus = (signal.size - frames.length) % frames.hop
    if surplus and frames.tail is Tail.pad:
        signal = np.pad(signal, (0, frames.hop - surplus))
    cut = np.lib.stride_tricks.sliding_window_view(signal, frames.length)[:: frames.hop]
    window = get_window(_SCIPY[frames.window], frames.length, fftbins=False)
    magnitudes: Matrix = np.abs(np.fft.rfft(cut * window, axis=1))
    return magnitudes
