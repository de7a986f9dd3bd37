"""Tests on real files, as their authors published them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets.file import File

from nmflab.materialise import materialise, open_dataset

pytestmark = pytest.mark.data


@pytest.fixture
def facts(tmp_path: Path):
    """Return a function that materialises a real file and returns facts and data."""

    def facts(name: str, within: str | None = None, **options):
        path = Path(os.environ.get("NMFLAB_DATA", "")) / name
        if "NMFLAB_DATA" not in os.environ or not path.exists():
            pytest.skip(f"NMFLAB_DATA holds no {name}")
        if within is not None:
            path = Path(zipfile.ZipFile(path).extract(within, tmp_path))
        data = File(path=str(path), **options).load(np.random.default_rng(0))
        found = materialise(data, tmp_path / "data")
        return found, open_dataset(tmp_path / "data")

    return facts


def test_gene_expression_with_a_trailing_tab(facts):
    """ALL-AML: tab-separated, CRLF, a tab at the end of each line, no header."""
    found, data = facts("all-aml/ALL_AML_data.txt.gz")
    assert data.X.shape == (5000, 38)
    assert (found["minimum"], found["maximum"]) == (20, 61225)
    assert data.X[0, :3].tolist() == [1080, 114, 89]
    assert data.row_names is data.column_names is None


def test_term_counts_in_matrix_market(facts):
    """BBC: terms by documents, so transposed; stays sparse."""
    found, data = facts("bbc/bbc.zip", within="bbc.mtx", transpose=True)
    assert data.X.shape == (2225, 9635)
    assert found["n_stored"] == 286_774
    assert found["storage"] == "csr"
    assert found["maximum"] == 81


def test_a_table_of_baskets_and_the_ragged_list_it_came_from(facts):
    """Groceries: 43,367 purchases; the list of baskets is refused as ragged."""
    found, data = facts("groceries/Groceries.data.gz", storage="csr")
    assert data.X.shape == (9835, 169)
    assert found["n_stored"] == 43_367
    assert found["maximum"] == 7
    with pytest.raises(ValueError, match="line 1 has 4 field"):
        facts("groceries/groceries.csv.gz")


def test_faces_in_a_mat(facts):
    """CBCL: 361 pixels by 2429 faces, in column order, from 1/256 to 1."""
    found, data = facts("cbcl/CBCL.mat", transpose=True)
    assert data.X.shape == (2429, 361)
    assert data.X.flags.c_contiguous
    assert (found["minimum"], found["maximum"]) == (1 / 256, 1)


def test_a_sparse_mat_beside_its_classes(facts):
    """classic4: the column of class numbers is not taken for the matrix."""
    found, data = facts("classic4/classic.mat")
    assert data.X.shape == (7094, 41681)
    assert found["n_stored"] == 223_839


def test_single_cell_counts_with_empty_genes(facts):
    """tenx: a comment in the header, 306 of 507 genes without a count."""
    found, data = facts("tenx-small/filtered_feature_bc_matrix/matrix.mtx.gz")
    assert data.X.shape == (507, 1107)
    assert found["n_stored"] == 23_866
    assert found["n_empty_rows"] == 306
    assert "306 of 507 rows" in found["warnings"][0]


def test_listening_counts_as_triplets(facts):
    """Last.fm: a list with a header; users and artists sorted as numbers."""
    found, data = facts("lastfm-2k/user_artists.dat.gz", layout="long", zeros="missing")
    assert data.X.shape == (1892, 17632)
    assert found["n_stored"] == found["n_observed"] == 92_834
    assert (found["minimum"], found["maximum"]) == (1, 352_698)
    assert list(data.row_names[:3]) == ["2", "3", "4"]
    assert data.X[0, data.column_names.index("51")] == 13_883


def test_edges_of_a_graph(facts):
    """E-mails: pairs without a value count 1."""
    found, _ = facts("email-eu-core/email-Eu-core.txt.gz", layout="long")
    assert found["n_stored"] == 25_571
    assert found["maximum"] == 1


def test_sample_names_that_end_in_nul_bytes(facts):
    """ALL-AML's list of samples is damaged at its end, and says where."""
    with pytest.raises(ValueError, match="line 39 holds NUL bytes"):
        facts("all-aml/ALL_AML_samples.txt")
