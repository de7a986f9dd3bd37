"""Topic coherence: cases worked by hand, and gensim's own numbers."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nmflab_metrics.c_v import CV
from nmflab_metrics.coherence import NpmiDocument, NpmiWindow, Uci, UMass
from nmflab_metrics.gaming import RareTopFeatures
from nmflab_metrics.readability import LabelReadability, WordIntrusion
from nmflab_metrics.topics import TopicDiversity
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Factors, FittedRun, NotApplicable, Problem
from nmflab.contracts import Objective as Shared

WORDS = list("abcdef")


def run_of(make_run, X, H, **facts):
    """Return a run on these counts with these components."""
    X, H = np.asarray(X, float), np.asarray(H, float)
    return make_run(X, np.ones((len(X), len(H))), H, names=WORDS[: X.shape[1]], **facts)


def tokens_run(make_run, documents, H):
    """Return a run on documents of one-letter words, with their counts."""
    X = [[text.split().count(word) for word in WORDS] for text in documents]
    return run_of(make_run, X, H, extras={"tokens": documents})


X = np.array([[1, 2, 0, 0], [3, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])


def test_umass_is_summed_over_ordered_pairs(make_run):
    """Lists a, b, c: D(a) = 3, D(b) = 2, D(ab) = 2, D(ac) = 1, D(bc) = 0."""
    found = UMass(n_top=3).compute(run_of(make_run, X, [[3, 2, 1, 0]]))[""]
    expected = np.log((2 + 1) / 3) + np.log((1 + 1) / 3) + np.log((0 + 1) / 2)
    assert found == pytest.approx(expected, rel=1e-14)


def test_umass_depends_on_the_order_of_the_list(make_run):
    """Lists b, a: the pair is divided by D(b)."""
    found = UMass(n_top=2).compute(run_of(make_run, X, [[2, 3, 0, 0]]))[""]
    assert found == pytest.approx(np.log(3 / 2), rel=1e-14)


def test_document_npmi_by_hand(make_run):
    """P(a) = 3/4, P(b) = P(ab) = 1/2: log(4/3) / log 2."""
    found = NpmiDocument(n_top=2).compute(run_of(make_run, X, [[3, 2, 0, 0]]))[""]
    assert found == pytest.approx(np.log(4 / 3) / np.log(2), rel=1e-14)


def test_document_npmi_has_its_ends(make_run):
    """1 for features that always meet, -1 for those that never do, 0 independent."""
    both = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
    values = [
        NpmiDocument(n_top=2).compute(run_of(make_run, both, [h]))[""]
        for h in ([2, 1, 0, 0], [2, 0, 1, 0])
    ]
    assert values == pytest.approx([1.0, -1.0])
    independent = [[1, 1], [1, 0], [0, 1], [0, 0]]
    found = NpmiDocument().compute(run_of(make_run, independent, [[2, 1]]))[""]
    assert found == pytest.approx(0.0, abs=1e-15)


def test_coherence_is_the_mean_over_components(make_run):
    """1 and -1 in the two components: 0."""
    both = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
    run = run_of(make_run, both, [[2, 1, 0, 0], [2, 0, 1, 0]])
    assert NpmiDocument(n_top=2).compute(run)[""] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("metric", [NpmiDocument, UMass])
def test_sparse_and_dense_data_have_the_same_coherence(make_run, metric):
    """A CSR, with an explicit zero in it, counts what the dense array counts."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.7, (30, 6)).astype(float)
    H, W = rng.random((3, 6)), np.ones((30, 3))
    sparse = csr_array(np.where(counts == 0, 9.0, counts))
    sparse.data[sparse.data == 9] = 0.0
    problem = Problem(
        X=sparse, observed=None, objective=Shared(), dtype=np.dtype(float)
    )
    run = FittedRun(problem=problem, factors=Factors(W, H), dataset=Dataset(X=sparse))
    assert metric().compute(run) == metric().compute(run_of(make_run, counts, H))


@pytest.mark.parametrize("metric", [NpmiDocument, UMass, WordIntrusion])
def test_features_in_every_sample_say_nothing(make_run, metric):
    """Images without a black pixel have no coherence, good or bad."""
    H = [[4, 3, 2, 1, 0, 0], [0, 0, 1, 2, 3, 4]]
    with pytest.raises(NotApplicable, match=r"not (everywhere|in all)"):
        metric(n_top=2).compute(run_of(make_run, np.ones((3, 6)), H))


def test_lists_of_features_that_meet_are_above_chance(make_run):
    """Two blocks that never meet: 1 for the blocks, -1/3 for pairs drawn at random."""
    blocks = np.kron(np.eye(2), np.ones((3, 2)))
    run = run_of(make_run, blocks, [[2, 1, 0, 0], [0, 0, 2, 1]])
    found = NpmiDocument(n_top=2, n_draws=2000).compute(run)
    # Of the six pairs two lie within a block and have 1, four across and have -1.
    assert found["chance"] == pytest.approx(-1 / 3, abs=0.05)
    assert (found[""], found["adjusted"]) == (1.0, pytest.approx(1.0))


@pytest.mark.parametrize("metric", [NpmiDocument, UMass])
def test_lists_drawn_at_random_are_at_chance(make_run, metric):
    """Random components have a coherence near that of lists drawn from theirs."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(0.5, (200, 6)).astype(float)
    found = metric(n_top=3).compute(run_of(make_run, counts, rng.random((5, 6))))
    assert found["chance"] == pytest.approx(found[""], abs=0.15)


def test_coherence_that_has_no_best_value_is_not_adjusted(make_run):
    """UMass and UCI are not bounded: their chance stands alone."""
    found = UMass(n_top=2).compute(run_of(make_run, X, [[3, 2, 0, 0], [0, 0, 1, 2]]))
    assert sorted(found) == ["", "chance", "chance_sd"]


def test_signed_data_have_no_occurrences(make_run):
    """Below 0 is not present."""
    with pytest.raises(NotApplicable, match="X of at least 0"):
        NpmiDocument().compute(run_of(make_run, -X, [[4, 3, 2, 1]]))


def test_windows_slide_within_documents(make_run):
    """Window 2 over "a b c" and "d": ab, bc, d. P(ab) = 1/3, P(a) = 1/3, P(b) = 2/3."""
    run = tokens_run(make_run, ["a b c", "d"], [[2, 1, 0, 0, 0, 0]])
    npmi = NpmiWindow(n_top=2, window=2, epsilon=0.0).compute(run)[""]
    assert npmi == pytest.approx(np.log(3 / 2) / np.log(3), rel=1e-14)
    uci = Uci(n_top=2, window=2).compute(run)[""]
    assert uci == pytest.approx(np.log(3 / 2), rel=1e-11)


def test_a_word_counts_once_in_a_window(make_run):
    """Repeats change nothing: "a a b" with window 3 is one window with both."""
    run = tokens_run(make_run, ["a a b", "c d e"], [[2, 1, 0, 0, 0, 0]])
    assert NpmiWindow(n_top=2, window=3, epsilon=0.0).compute(run)[""] == pytest.approx(
        1.0
    )


def test_words_far_apart_meet_in_the_document_only(make_run):
    """Window and document NPMI are different metrics: -1 and 1 here."""
    documents = ["a c c c c b"] * 3 + ["d e f"] * 3
    run = tokens_run(make_run, documents, [[2, 1, 0, 0, 0, 0]])
    assert NpmiWindow(n_top=2, window=3, epsilon=0.0).compute(run)[""] == -1.0
    assert NpmiDocument(n_top=2).compute(run)[""] == pytest.approx(1.0)


def random_documents(seed: int) -> list[str]:
    """Return documents of 1 to 40 words, in which neighbours resemble each other."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(60):
        topic = rng.dirichlet(np.full(len(WORDS), 0.4))
        length = rng.integers(1, 41)
        texts.append(" ".join(rng.choice(WORDS, size=length, p=topic)))
    return texts


@pytest.mark.parametrize(
    ("metric", "name"), [(NpmiWindow, "c_npmi"), (Uci, "c_uci")], ids=["npmi", "uci"]
)
@pytest.mark.parametrize("window", [2, 10])
def test_window_metrics_are_those_of_gensim(make_run, metric, name, window):
    """The same number on documents without repeats, of 1 to 40 words."""
    models = pytest.importorskip("gensim.models", reason="gensim is an extra: text")
    corpora = pytest.importorskip("gensim.corpora")
    rng = np.random.default_rng(1)
    names = [f"w{i}" for i in range(40)]
    texts = [list(rng.permutation(names)[: 1 + i % 40]) for i in range(80)]
    H = rng.random((3, 40))
    extras = {"tokens": [" ".join(text) for text in texts]}
    run = make_run(np.ones((80, 40)), np.ones((80, 3)), H, names=names, extras=extras)
    model = models.CoherenceModel(
        topics=[[names[j] for j in np.argsort(-row)[:4]] for row in H],
        texts=texts,
        dictionary=corpora.Dictionary(texts),
        coherence=name,
        window_size=window,
        topn=4,
        processes=1,
    )
    found = metric(n_top=4, window=window).compute(run)[""]
    assert found == pytest.approx(model.get_coherence(), rel=1e-10)


@pytest.mark.parametrize("window", [2, 5, 50])
def test_windows_are_counted_as_one_by_one(make_run, window):
    """Documents with many repeats: the same as looking at each window in turn."""
    documents = random_documents(3)
    windows = []
    for text in documents:
        words = text.split()
        starts = range(max(len(words) - window + 1, 1))
        windows += [{*words[at : at + window]} for at in starts]
    a, b, both = (
        np.mean([{*wanted} <= held for held in windows]) for wanted in ("a", "b", "ab")
    )
    expected = np.log(both / (a * b)) / -np.log(both)
    run = tokens_run(make_run, documents, [[2, 1, 0, 0, 0, 0]])
    found = NpmiWindow(n_top=2, window=window, epsilon=0.0).compute(run)[""]
    assert found == pytest.approx(expected, rel=1e-12)


def test_c_v_rewards_words_of_like_company(make_run):
    """Words that share documents are above words that do not; both within 0 and 1."""
    pytest.importorskip("gensim", reason="gensim is an extra: text")
    documents = ["a b a b c", "b a c"] * 8 + ["d e f", "f d e e"] * 8
    good = tokens_run(make_run, documents, [[3, 2, 1, 0, 0, 0], [0, 0, 0, 3, 2, 1]])
    bad = tokens_run(make_run, documents, [[3, 0, 0, 2, 0, 1], [0, 3, 2, 0, 1, 0]])
    high, low = (CV(n_top=3, window=4).compute(run) for run in (good, bad))
    assert 0 <= low < high <= 1


def test_c_v_takes_lists_of_different_length(make_run):
    """Two words stand beside four; a component of a single word is left out."""
    pytest.importorskip("gensim", reason="gensim is an extra: text")
    H = [[3, 2, 0, 0, 0, 0], [0, 0, 4, 3, 2, 1], [0, 0, 0, 0, 0, 1]]
    found = CV(n_top=4, window=5).compute(tokens_run(make_run, random_documents(2), H))
    assert 0 <= found <= 1


def test_c_v_without_gensim_names_the_extra(make_run, monkeypatch):
    """The message says what to install."""
    monkeypatch.setattr("nmflab_metrics.c_v.find_spec", lambda _name: None)
    run = tokens_run(make_run, ["a b"], [[2, 1, 0, 0, 0, 0]])
    with pytest.raises(NotApplicable, match=r"pip install 'nmflab\[text\]'"):
        CV().compute(run)


@pytest.mark.parametrize("metric", [NpmiWindow, Uci])
def test_windows_need_names_and_tokens(make_run, metric):
    """Each message says which is absent."""
    W, H, counts = np.ones((2, 1)), np.array([[2.0, 1.0]]), np.eye(2)
    with pytest.raises(NotApplicable, match="needs tokens"):
        metric().compute(make_run(counts, W, H))
    bare = make_run(counts, W, H, extras={"tokens": ["a b", "a"]})
    with pytest.raises(NotApplicable, match="needs column names"):
        metric().compute(bare)


def test_words_that_are_no_tokens_are_left_out(make_run):
    """Nothing is left of a list without tokens, and the message says so."""
    run = run_of(make_run, np.eye(3), [[3, 2, 1]], extras={"tokens": ["x y", "z", "x"]})
    with pytest.raises(NotApplicable, match="features that occur"):
        NpmiWindow().compute(run)


def test_intruders_are_found_where_topics_are_apart(make_run):
    """Two blocks of words: every intruder is the odd one out."""
    counts = np.kron(np.eye(2), np.ones((5, 3))) * (1 + np.arange(10) % 2)[:, None]
    run = run_of(make_run, counts, [[3, 2, 1, 0, 0, 0], [0, 0, 0, 3, 2, 1]])
    found = WordIntrusion(n_top=3).compute(run)
    assert found == {"": 1.0, "chance": 0.25, "adjusted": 1.0}


def test_intruders_are_missed_where_lists_mix_topics(make_run):
    """Lists across the blocks: no intruder stands out."""
    counts = np.kron(np.eye(2), np.ones((5, 3)))
    run = run_of(make_run, counts, [[3, 2, 0, 3, 0, 0], [0, 0, 3, 0, 3, 2]])
    assert WordIntrusion(n_top=3).compute(run)[""] == 0.0


def test_names_without_a_word_are_not_readable(make_run):
    """Numbers, single letters and marks: two of four names hold a word."""
    H = np.array([[4.0, 3.0, 2.0, 1.0]])
    names = ["x1", "1984", "tea pot", "été"]
    run = make_run(np.ones((2, 4)), np.ones((2, 1)), H, names=names)
    assert LabelReadability().compute(run) == 0.5
    assert LabelReadability(n_top=2).compute(run) == 0.0


def test_names_must_be_there_to_be_read(make_run):
    """The message says that there are none."""
    run = make_run(np.ones((2, 2)), np.ones((2, 1)), np.ones((1, 2)))
    with pytest.raises(NotApplicable, match="needs column names"):
        LabelReadability().compute(run)


@pytest.mark.parametrize(
    ("metric", "field", "value"),
    [
        (UMass, "n_top", 1),
        (NpmiDocument, "n_top", 1),
        (NpmiWindow, "window", 1),
        (NpmiWindow, "epsilon", -1),
        (Uci, "epsilon", 0.0),
        (CV, "window", 0),
        (WordIntrusion, "n_top", 1),
    ],
)
def test_a_parameter_out_of_range_is_refused(metric, field, value):
    """The message names the field."""
    with pytest.raises(ValueError, match=rf"\.{field} must be"):
        metric(**{field: value})


@pytest.mark.data
def test_the_five_sections_of_the_bbc_are_coherent_and_diverse():
    """Plain NMF of the real term counts, weighted: its topics are what they seem."""
    path = Path(os.environ.get("NMFLAB_DATA", "")) / "bbc/bbc.zip"
    if "NMFLAB_DATA" not in os.environ or not path.exists():
        pytest.skip("NMFLAB_DATA holds no bbc/bbc.zip")
    from scipy.io import mmread
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer

    archive = zipfile.ZipFile(path)
    counts = csr_array(mmread(io.BytesIO(archive.read("bbc.mtx"))).T).astype(float)
    terms = archive.read("bbc.terms").decode().split()
    weighted = csr_array(TfidfTransformer().fit_transform(counts))
    model = NMF(5, init="nndsvda", max_iter=60, tol=1e-3)
    W = model.fit_transform(weighted)
    problem = Problem(
        X=weighted, observed=None, objective=Shared(), dtype=np.dtype(float)
    )
    run = FittedRun(
        problem=problem,
        factors=Factors(W, model.components_),
        dataset=Dataset(X=counts, column_names=terms),
    )
    assert NpmiDocument().compute(run)[""] == pytest.approx(0.335, abs=0.03)
    assert TopicDiversity().compute(run)[""] >= 0.94
    assert WordIntrusion().compute(run)[""] >= 0.9
    assert LabelReadability().compute(run) == 1.0
    assert RareTopFeatures().compute(run) == 0.0
