"""Tests of the stick figures."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets.swimmer import LIMBS, POSITIONS, Swimmer, Torso, drawings


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator the figures do not use."""
    return np.random.default_rng(0)


def test_there_are_256_different_figures_of_220_pixels(rng):
    """Four limbs in four positions each, in 20 x 11 pixels, 0 or 1."""
    data = Swimmer().load(rng)
    assert data.X.shape == (256, 220)
    assert set(np.unique(data.X)) == {0, 1}
    assert len(np.unique(data.X, axis=0)) == 256
    assert data.extras["image_shape"].tolist() == [20, 11]


def test_the_rank_is_thirteen(rng):
    """``1 + 4 · 3``: the positions of each limb sum to the same."""
    assert np.linalg.matrix_rank(Swimmer().load(rng).X) == 13


@pytest.mark.parametrize(("torso", "n_parts"), [("apart", 17), ("shared", 16)])
@pytest.mark.parametrize("samples", ["images", "pixels"])
def test_the_truth_is_exact(rng, torso, n_parts, samples):
    """Non-negative factors of 16 or 17 components whose product is X, to the bit."""
    data = Swimmer(torso=torso, samples=samples).load(rng)
    assert data.truth.n_components == n_parts == len(data.extras["component_names"])
    assert (data.truth.W >= 0).all()
    assert (data.truth.H >= 0).all()
    np.testing.assert_array_equal(data.truth.reconstruct(), data.X)


def test_no_pixel_belongs_to_two_parts():
    """Seventeen parts: 16 pixels of torso and joints, 4 of each limb."""
    torso, limbs = drawings()
    assert torso.sum() == 16
    assert (limbs.sum(axis=(1, 2)) == 4).all()
    assert (torso + limbs.sum(axis=0)).max() == 1


def test_left_and_right_are_mirror_images():
    """The drawing of each left limb, turned over, is that of the right one."""
    torso, limbs = drawings()
    left_arm, right_arm, left_leg, right_leg = limbs.reshape(4, 4, 20, 11)
    np.testing.assert_array_equal(torso, torso[:, ::-1])
    np.testing.assert_array_equal(left_arm, right_arm[:, :, ::-1])
    np.testing.assert_array_equal(left_leg, right_leg[:, :, ::-1])


def test_a_straight_limb_points_away_from_the_torso():
    """Arms end in the top row, legs in the bottom row, beside the middle."""
    _, limbs = drawings()
    straight = limbs.reshape(len(LIMBS), len(POSITIONS), 20, 11)[:, 0]
    ends = [np.argwhere(picture)[[0, -1]].tolist() for picture in straight]
    assert ends == [
        [[0, 4], [3, 4]],
        [[0, 6], [3, 6]],
        [[16, 4], [19, 4]],
        [[16, 6], [19, 6]],
    ]


def test_row_names_tell_the_positions(rng):
    """The figure ``1-3-2-4`` is made of the components named so."""
    data = Swimmer().load(rng)
    row = list(data.row_names).index("1-3-2-4")
    parts = [
        name
        for name, share in zip(
            data.extras["component_names"], data.truth.W[row], strict=True
        )
        if share
    ]
    assert parts == [
        "left arm straight",
        "right arm sideways",
        "left leg raised",
        "right leg lowered",
        "torso",
    ]


def test_the_full_image_holds_the_same_figures_in_its_middle(rng):
    """32 x 32 pixels, empty around the cropped figures."""
    full = Swimmer(frame="full").load(rng)
    cropped = Swimmer().load(rng)
    assert full.X.shape == (256, 1024)
    inside = full.X.reshape(256, 32, 32)[:, 6:26, 10:21]
    np.testing.assert_array_equal(inside.reshape(256, 220), cropped.X)
    assert full.X.sum() == cropped.X.sum()


def test_pixels_as_samples_turn_all_about(rng):
    """220 x 256, with names and the shape of the image on the side of the pixels."""
    data = Swimmer(samples="pixels").load(rng)
    assert data.X.shape == (220, 256)
    assert data.extras["sample_shape"].tolist() == [20, 11]
    assert data.row_names[0] == "y1 x1"
    assert data.column_names[-1] == "4-4-4-4"


def test_another_word_is_refused():
    """It is not taken for one of the choices."""
    with pytest.raises(ValueError, match=r"dataset\.torso must be one of apart, sha"):
        Swimmer(torso="gone")
    assert Swimmer(torso="shared").torso is Torso.shared
