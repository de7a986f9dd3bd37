"""Tests of genes, mutations, cells and e-mails."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets import all_aml, breast_cancers, email_eu, tenx
from nmflab_datasets.all_aml import AllAml
from nmflab_datasets.breast_cancers import BreastCancers
from nmflab_datasets.email_eu import EmailEu
from nmflab_datasets.tenx import TenxSmall
from scipy.sparse import csr_array

RNG = np.random.default_rng(0)


@pytest.fixture
def real():
    """Return a function that loads published data; skips where they are absent."""

    def real(dataset, folder: str):
        path = Path(os.environ.get("NMFLAB_DATA", "")) / folder
        if "NMFLAB_DATA" not in os.environ or not path.is_dir():
            pytest.skip(f"NMFLAB_DATA holds no {folder}")
        return dataset.load(RNG)

    return real


@pytest.mark.data
def test_leukaemias_are_what_was_published(real):
    """38 patients by 5000 genes, 20 to 61225, of 19, 8 and 11."""
    data = real(AllAml(), "all-aml")
    assert data.X.shape == (38, 5000)
    assert (data.X.min(), data.X.max()) == (20, 61_225)
    assert data.X[:3, 0].tolist() == [1080, 114, 89]
    kinds, counts = np.unique(data.row_labels, return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {
        "ALL_B": 19,
        "ALL_T": 8,
        "AML": 11,
    }
    assert data.row_names[0] == "ALL_19769_B-cell"
    assert data.row_names[-1] == "AML_7"
    assert data.column_names[0] == "M12759_at"
    assert data.extras["gene_descriptions"][0] == "IMMUNOGLOBULIN J CHAIN"


@pytest.mark.data
def test_a_quoted_description_loses_its_quotes(real):
    """Some descriptions hold commas and are quoted in the file."""
    data = real(AllAml(), "all-aml")
    at = list(data.column_names).index("M19878_s_at")
    expected = "Calbindin 27 gene, exons 1 and 2, and Alu repeat"
    assert data.extras["gene_descriptions"][at] == expected


@pytest.mark.data
def test_genes_by_patients_is_the_table_of_the_file(real):
    """5000 x 38, the kinds of leukaemia on the columns."""
    data = real(AllAml(samples="genes"), "all-aml")
    assert data.X.shape == (5000, 38)
    assert data.extras["column_labels"].tolist().count("AML") == 11
    assert data.row_names[1] == "U46006_s_at"
    assert data.X[0, :3].tolist() == [1080, 114, 89]


def test_nul_bytes_behind_the_samples_are_dropped():
    """CRLF, and 3004 NULs at the end."""
    names = [f"AML_{i}" for i in range(38)]
    content = "\r\n".join(names).encode() + b"\r\n" + bytes(3004)
    assert all_aml.patients(content) == names


def test_another_number_of_samples_is_refused():
    """The sentence says how many there are."""
    with pytest.raises(ValueError, match="names 2 samples, and 38 were published"):
        all_aml.patients(b"AML_1\r\nAML_2\r\n")


def test_a_sample_of_no_known_kind_is_refused():
    """It would get no label."""
    with pytest.raises(ValueError, match="sample 'ALL_7' is neither"):
        all_aml.kind("ALL_7")


def test_genes_are_read_as_latin_1():
    """A header, then name and description; quotes are the file's."""
    lines = [f'g{i}\t"β?, {i}"' for i in range(4999)] + ["g4999\tµ-opioid receptor"]
    content = ("Name\tDescription\r\n" + "\r\n".join(lines)).encode(
        "latin-1", errors="replace"
    )
    names, descriptions = all_aml.genes(content)
    assert names[1] == "g1"
    assert descriptions[1] == "??, 1"
    assert descriptions[-1] == "µ-opioid receptor"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"1\t2\t\r\n3\t4\t\r\n", r"has the shape \(2, 2\), and \(5000, 38\)"),
        (b"<html>\n", "is no table of numbers"),
        (b"1\t2\n3\n", "is no table of numbers"),
    ],
)
def test_another_table_of_expression_is_refused(content, sentence):
    """Too small, a page of HTML, ragged."""
    with pytest.raises(ValueError, match=sentence):
        all_aml.expression(content)


@pytest.mark.data
def test_the_mail_graph_is_what_was_published(real):
    """1005 people, 25,571 edges of which 642 loops, 42 departments."""
    data = real(EmailEu(), "email-eu-core")
    assert isinstance(data.X, csr_array)
    assert data.missing == "none"
    assert data.X.shape == (1005, 1005)
    assert data.X.nnz == 25_571
    assert set(data.X.data) == {1}
    assert data.X.diagonal().sum() == 642
    assert len(np.unique(data.row_labels)) == 42
    np.testing.assert_array_equal(data.row_labels, data.extras["column_labels"])
    assert data.X[0, 1] == 1
    assert data.row_labels[:3].tolist() == [1, 1, 21]


@pytest.mark.data
def test_a_symmetric_graph_has_each_edge_both_ways(real):
    """``max(A, Aᵀ)``, of 0 and 1 as before."""
    A = real(EmailEu(), "email-eu-core").X
    S = real(EmailEu(symmetric=True), "email-eu-core").X
    assert (A.maximum(A.T) != S).nnz == 0
    assert set(S.data) == {1}


@pytest.mark.data
def test_loops_may_be_left_out_and_that_is_said(real):
    """642 edges less, none of them on the diagonal."""
    data = real(EmailEu(self_loops=False), "email-eu-core")
    assert data.X.nnz == 25_571 - 642
    assert data.X.diagonal().sum() == 0
    assert data.extras["preparation"] == "left out 642 edges to oneself"


@pytest.mark.data
def test_recipients_as_samples_turn_the_graph(real):
    """The transpose, in canonical form."""
    A = real(EmailEu(), "email-eu-core").X
    B = real(EmailEu(samples="recipients"), "email-eu-core").X
    assert (B != A.T).nnz == 0
    assert B.has_sorted_indices


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"0 1\n1 2 3\n", "no list of pairs"),
        (b"0 x\n", "no list of pairs"),
        (b"", "two whole numbers from 0 a line"),
        (b"0 -1\n", "two whole numbers from 0 a line"),
        (b"1005 1\n", "names person 1005, and there are 1005"),
        (b"0 1\n1 1\n", "has 2 lines, and one for each of 1005 people"),
        (b"0 1\n" * 1005, "has 1005 lines, and one for each of 1005 people"),
    ],
)
def test_another_list_of_departments_is_refused(content, sentence):
    """Ragged, words, empty, negative, an unknown person, people left out."""
    with pytest.raises(ValueError, match=sentence):
        email_eu.departments(content)


@pytest.mark.data
def test_cells_are_what_was_published(real):
    """1107 cells by 507 genes, 23,866 counts, 306 genes without one."""
    data = real(TenxSmall(), "tenx-small")
    assert isinstance(data.X, csr_array)
    assert data.X.shape == (1107, 507)
    assert data.X.nnz == 23_866
    assert (data.X.data.min(), data.X.data.max()) == (1, 36)
    assert (np.diff(data.X.tocsc().indptr) == 0).sum() == 306
    # The first line of the file: gene 458, cell 1, count 3.
    assert data.X[0, 457] == 3
    assert data.row_names[0] == "AAACCCAAGGAGAGTA-1"
    assert data.column_names[0] == "CH507-9B2.2"
    assert data.extras["gene_ids"][0] == "ENSG00000279493"
    assert data.X.has_canonical_format


@pytest.mark.data
def test_empty_genes_may_be_left_out_and_that_is_said(real):
    """201 genes stay, with their names and ids."""
    whole = real(TenxSmall(), "tenx-small")
    data = real(TenxSmall(drop_empty=True), "tenx-small")
    assert data.X.shape == (1107, 201)
    assert data.X.nnz == 23_866
    assert data.extras["preparation"] == "left out 306 of 507 genes without a count"
    place = dict(zip(whole.extras["gene_ids"], whole.column_names, strict=True))
    assert [place[gene] for gene in data.extras["gene_ids"]] == list(data.column_names)
    at = list(whole.column_names).index(data.column_names[17])
    assert (data.X[:, [17]] != whole.X[:, [at]]).nnz == 0


@pytest.mark.data
def test_genes_as_samples_turn_the_counts(real):
    """507 x 1107, as the file has it."""
    data = real(TenxSmall(samples="genes"), "tenx-small")
    assert data.X.shape == (507, 1107)
    assert data.X[457, 0] == 3
    assert data.column_names[0] == "AAACCCAAGGAGAGTA-1"


HEADER = (
    b"%%MatrixMarket matrix coordinate integer general\n"
    b'%metadata_json: {"format_version": 2}\n'
)


def test_a_matrix_market_file_with_metadata_is_turned():
    """A comment stands before the sizes; genes are rows there, columns here."""
    X = tenx.counts(HEADER + b"507 1107 2\n3 1 5\n1 1107 2\n")
    assert X.shape == (1107, 507)
    assert X[0, 2] == 5
    assert X[1106, 0] == 2
    assert X.nnz == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEADER + b"3 2 1\n1 1 1\n", r"has the shape \(3, 2\), and \(507, 1107\)"),
        (b"<html>\n", "is no MatrixMarket file"),
        (HEADER + b"507 1107 2\n1 1 1\n", "is no MatrixMarket file"),
    ],
)
def test_another_matrix_is_refused(content, sentence):
    """Too small, a page of HTML, cut off."""
    with pytest.raises(ValueError, match=sentence):
        tenx.counts(content)


def test_another_list_of_genes_is_refused():
    """The sentence says how many lines there are."""
    with pytest.raises(ValueError, match=r"features\.tsv has 1 lines"):
        tenx.genes(b"ENSG1\tA\tGene Expression\n")


@pytest.mark.data
def test_mutations_are_what_was_published(real):
    """21 tumours by 96 types, 183,916 mutations, up to 18,171 of a type."""
    pytest.importorskip("rdata")
    data = real(BreastCancers(), "breast21-signatures")
    assert data.X.shape == (21, 96)
    assert data.X.sum() == 183_916
    assert (data.X.min(), data.X.max()) == (0, 18_171)
    assert data.row_names[0] == "Sample 1"
    assert data.column_names[0] == "ACA>AAA"
    assert len(set(data.column_names)) == 96
    assert data.truth is None


@pytest.mark.data
@pytest.mark.parametrize("samples", ["tumours", "mutation_types"])
def test_signatures_stand_beside_the_mutations(real, samples):
    """30 of them, each summing to 1, on the side of the mutation types."""
    pytest.importorskip("rdata")
    data = real(BreastCancers(samples=samples), "breast21-signatures")
    signatures = (
        data.extras["reference_H"]
        if samples == "tumours"
        else data.extras["reference_W"].T
    )
    assert signatures.shape == (30, 96)
    np.testing.assert_allclose(signatures.sum(axis=1), 1, atol=1e-6)
    assert data.extras["reference_names"][0] == "Signature 1"


@pytest.mark.data
def test_the_mutations_are_a_mix_of_signatures(real):
    """Non-negative least squares leaves 3 % of the sum, of shuffled types over half.

    Types of counts and signatures in another order could not fit.
    """
    pytest.importorskip("rdata")
    from scipy.optimize import nnls

    data = real(BreastCancers(), "breast21-signatures")
    H = data.extras["reference_H"]
    total = data.X.sum(axis=0)
    residual = nnls(H.T, total)[1] / np.linalg.norm(total)
    shuffled = np.random.default_rng(0).permutation(total)
    assert residual < 0.05
    assert nnls(H.T, shuffled)[1] / np.linalg.norm(total) > 0.5


def test_an_absent_rdata_is_told_with_its_cure(monkeypatch):
    """What to install, and for what."""
    ordinary = builtins.__import__

    def without(name, *rest, **options):
        if name == "rdata":
            raise ModuleNotFoundError("No module named 'rdata'", name="rdata")
        return ordinary(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'nmflab\[data\]'"):
        breast_cancers.table(b"", "counts_21breast")


@pytest.mark.parametrize("content", [b"", b"RDX3\nX\n", b"<html>Not found</html>"])
def test_what_is_no_workspace_of_r_is_refused(content):
    """Nothing, a stub, a page of HTML."""
    pytest.importorskip("rdata")
    sentence = r"counts_21breast\.RData holds no table 'counts_21breast'"
    with pytest.raises(ValueError, match=sentence):
        breast_cancers.table(content, "counts_21breast")
