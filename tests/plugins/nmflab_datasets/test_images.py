"""Tests of pictures: PGM files, the order of pixels, faces and digits."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets import cbcl, orl
from nmflab_datasets._images import pixel_names, read_pgm, row_major
from nmflab_datasets._matfiles import read_variables
from nmflab_datasets.cbcl import Cbcl
from nmflab_datasets.digits import Digits
from nmflab_datasets.orl import Orl
from scipy.io import savemat

RNG = np.random.default_rng(0)


@pytest.fixture
def archive(tmp_path: Path):
    """Return a function that writes an archive of 400 faces, each of one grey value."""

    def archive(without: str = "", width: int = 92, root: str = "att_faces/") -> Path:
        path = tmp_path / "att_faces.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(f"{root}README", "faces")
            # The order of a listing sorted as text, where 10 comes before 2.
            for number in sorted(range(400), key=lambda n: f"{n // 10 + 1}/{n % 10}"):
                name = f"s{number // 10 + 1}/{number % 10 + 1}.pgm"
                header = b"P5\n%d 112\n255\n" % width
                pixels = bytes([number % 256]) * (width * 112)
                if name != without:
                    packed.writestr(root + name, header + pixels)
        return path

    return archive


@pytest.fixture
def mirrored():
    """Skip where the real data are absent."""

    def mirrored(name: str) -> Path:
        path = Path(os.environ.get("NMFLAB_DATA", "")) / name
        if "NMFLAB_DATA" not in os.environ or not path.is_file():
            pytest.skip(f"NMFLAB_DATA holds no {name}")
        return path

    return mirrored


def mat(tmp_path: Path, **variables: object) -> bytes:
    """Return the content of a MATLAB file."""
    savemat(tmp_path / "some.mat", variables)
    return (tmp_path / "some.mat").read_bytes()


def test_a_pgm_is_rows_of_grey_values():
    """Three wide and two high, with a comment in its header."""
    picture = read_pgm(b"P5\n# made by hand\n3 2\n255\n" + bytes(range(6)), "a.pgm")
    assert picture.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_pixels_of_a_pgm_may_look_like_its_header():
    """One white space ends the header: bytes 10 and 32 behind it are grey values."""
    picture = read_pgm(b"P5 2 2 255\n" + bytes([10, 32, 35, 48]), "a.pgm")
    assert picture.tolist() == [[10, 32], [35, 48]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"P2\n2 2\n255\n0 1 2 3", "does not begin like a binary PGM"),
        (b"", "does not begin like a binary PGM"),
        (b"P5\n2 2\n65535\n" + bytes(8), "has 65535 for its largest grey value"),
        (b"P5\n2 2\n255\n" + bytes(3), "2 x 2 pixels and ends after 3; it is cut off"),
    ],
)
def test_what_is_no_pgm_is_refused_with_a_sentence(content, sentence):
    """Text, nothing, two bytes a pixel, and a picture cut off."""
    with pytest.raises(ValueError, match=sentence) as caught:
        read_pgm(content, "s1/1.pgm")
    assert str(caught.value).startswith("s1/1.pgm ")


def test_column_major_pixels_are_brought_into_rows():
    """What MATLAB flattens column by column is read row by row."""
    picture = np.arange(6).reshape(2, 3)
    stored = picture.ravel(order="F")
    np.testing.assert_array_equal(stored[row_major(2, 3)], picture.ravel())
    assert pixel_names(2, 3)[3] == "y2 x1"


def test_a_mat_without_the_variable_is_refused(tmp_path):
    """The sentence names file and variable."""
    content = mat(tmp_path, Y=np.eye(2))
    with pytest.raises(ValueError, match=r"CBCL\.mat holds no variable 'X'"):
        cbcl.faces(content)


def test_a_variable_of_another_shape_is_refused(tmp_path):
    """The sentence names both shapes."""
    content = mat(tmp_path, X=np.eye(2))
    sentence = r"shape \(2, 2\), and \(361, 2429\) was published"
    with pytest.raises(ValueError, match=sentence):
        cbcl.faces(content)


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>" * 40])
def test_what_is_no_mat_is_refused(content):
    """An empty file and a page of HTML."""
    with pytest.raises(ValueError, match=r"some\.mat is no MATLAB file"):
        read_variables(content, "some.mat", {"X": (1, 1)})


def test_orl_is_sorted_by_number(archive):
    """Person 10 comes after person 9, and picture 10 after picture 9."""
    X = orl.faces(archive())
    assert X.shape == (400, 10304)
    np.testing.assert_array_equal(X[:, 0], np.arange(400) % 256)


def test_orl_may_lie_in_any_folder_of_the_archive(archive):
    """Archives of it differ in the folder on top."""
    assert orl.faces(archive(root=""))[399, 5] == 399 % 256


def test_a_missing_picture_is_named(archive):
    """So is the archive."""
    with pytest.raises(ValueError, match=r"att_faces\.zip holds no picture s7/3\.pgm"):
        orl.faces(archive(without="s7/3.pgm"))


def test_a_picture_of_another_size_is_named(archive):
    """The sentence gives both sizes."""
    with pytest.raises(ValueError, match=r"s1/1\.pgm is 90 wide and 112 high"):
        orl.faces(archive(width=90))


@pytest.mark.data
def test_cbcl_is_what_was_published(mirrored):
    """2429 faces of 361 pixels; (grey + 1) / 256; no zero."""
    mirrored("cbcl/CBCL.mat")
    data = Cbcl().load(RNG)
    assert data.X.shape == (2429, 361)
    assert (data.X.min(), data.X.max()) == (1 / 256, 1)
    np.testing.assert_array_equal(data.X * 256, np.rint(data.X * 256))
    assert data.X.flags.c_contiguous
    assert data.extras["image_shape"].tolist() == [19, 19]


@pytest.mark.data
def test_cbcl_faces_stand_upright(mirrored):
    """The mean face is nearly its own mirror image, left to right, not top to bottom.

    Stored column by column and read by rows it would lie on its side.
    """
    mirrored("cbcl/CBCL.mat")
    mean = Cbcl().load(RNG).X.mean(axis=0).reshape(19, 19)
    across = np.linalg.norm(mean - mean[:, ::-1])
    along = np.linalg.norm(mean - mean[::-1])
    assert across < along / 2


@pytest.mark.data
def test_cbcl_pixels_by_images_is_the_transpose(mirrored):
    """361 x 2429, with the shape of the image on the side of the samples."""
    mirrored("cbcl/CBCL.mat")
    data = Cbcl(samples="pixels").load(RNG)
    np.testing.assert_array_equal(data.X, Cbcl().load(RNG).X.T)
    assert data.extras["sample_shape"].tolist() == [19, 19]
    assert "image_shape" not in data.extras
    assert data.row_names[19] == "y2 x1"
    assert data.column_names[0] == "face 1"


@pytest.mark.data
def test_orl_is_what_was_published(mirrored):
    """400 pictures of 10304 pixels, 0 to 251, ten of each person."""
    mirrored("orl/att_faces.zip")
    data = Orl().load(RNG)
    assert data.X.shape == (400, 10304)
    assert (data.X.min(), data.X.max()) == (0, 251)
    labels, counts = np.unique(data.row_labels, return_counts=True)
    assert labels.tolist() == list(range(1, 41))
    assert set(counts) == {10}
    assert (data.row_names[0], data.row_names[10]) == ("s1/1", "s2/1")
    assert data.extras["image_shape"].tolist() == [112, 92]


@pytest.mark.data
def test_orl_pictures_of_one_person_are_alike(mirrored):
    """Nearest neighbours share the label for 9 of 10, by chance for 9 of 399."""
    mirrored("orl/att_faces.zip")
    data = Orl(scale="unit").load(RNG)
    assert data.X.max() == 251 / 255
    gram = data.X @ data.X.T
    squares = np.diag(gram)
    distances = squares[:, None] + squares - 2 * gram
    np.fill_diagonal(distances, np.inf)
    same = data.row_labels[distances.argmin(axis=1)] == data.row_labels
    assert same.mean() > 0.9


def test_digits_are_scikit_learns():
    """1797 images of 64 pixels, 0 to 16, ten labels."""
    data = Digits().load(RNG)
    assert data.X.shape == (1797, 64)
    assert (data.X.min(), data.X.max()) == (0, 16)
    assert np.bincount(data.row_labels).tolist() == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]


def test_digits_stand_upright():
    """The mean 1 is higher than wide, and the mean 7 has its bar on top."""
    data = Digits().load(RNG)
    one, seven = (
        data.X[data.row_labels == digit].mean(axis=0).reshape(8, 8) for digit in (1, 7)
    )
    assert one.sum(axis=0).max() > 1.5 * one.sum(axis=1).max()
    assert seven[:2].sum() > 1.2 * seven[-2:].sum()


def test_digits_may_be_turned_about():
    """64 x 1797, the labels on the columns."""
    data = Digits(samples="pixels").load(RNG)
    assert data.X.shape == (64, 1797)
    assert data.row_labels is None
    assert data.extras["column_labels"].shape == (1797,)
    assert data.extras["sample_shape"].tolist() == [8, 8]
