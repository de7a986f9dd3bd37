"""Signatures over types of mutation, as bars."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from nmflab_datasets.mutation_types import COLOURS, signature_svg, substitution

NAMES = ["ACA>AAA", "ACC>AGC", "GTG>GAG", "TCA>TAA"]
RECT = "{http://www.w3.org/2000/svg}rect"


def test_a_type_is_named_by_its_middle_base() -> None:
    """The neighbours stay as they are."""
    assert [substitution(name) for name in NAMES] == ["C>A", "C>G", "T>A", "C>A"]


def test_bars_stand_in_blocks_of_one_colour() -> None:
    """Both C>A first, though another stands between them in the data."""
    root = ElementTree.fromstring(signature_svg(np.ones(4), NAMES))
    colours = [bar.attrib["fill"] for bar in root.iter(RECT)]
    assert colours == [COLOURS[kind] for kind in ("C>A", "C>A", "C>G", "T>A")]


def test_the_tallest_bar_is_the_largest_weight() -> None:
    """Heights are in proportion, whatever the scale."""
    root = ElementTree.fromstring(signature_svg(np.array([1e6, 0, 0, 5e5]), NAMES))
    heights = [float(bar.attrib["height"]) for bar in root.iter(RECT)]
    assert heights[1] == pytest.approx(heights[0] / 2, abs=0.01)
    assert heights[2:] == [0, 0]


def test_a_signature_of_zeros_has_no_bars() -> None:
    """A dead component is drawn flat, not as nan."""
    assert "nan" not in signature_svg(np.zeros(4), NAMES)


def test_another_kind_of_name_is_refused() -> None:
    """The message shows it."""
    with pytest.raises(ValueError, match="'TP53' is no type of mutation"):
        signature_svg(np.ones(1), ["TP53"])
