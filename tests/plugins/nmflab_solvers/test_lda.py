"""Tests of latent Dirichlet allocation against the library's own fit."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from nmflab_solvers._lda_bound import variational_bound
from nmflab_solvers.lda import LatentDirichletAllocation, nmflab_solvers
from scipy.sparse import csr_array
from sklearn.decomposition import LatentDirichletAllocation as Library


@pytest.fixture(name="counts")
def _counts():
    """Return word counts of 30 documents about two topics, the last one empty."""
    rng = np.random.default_rng(3)
    topics = np.kron(np.eye(2), np.ones(6)) + 0.05
    counts = rng.poisson(rng.dirichlet([0.3, 0.3], 30) @ topics * 3).astype(float)
    counts[-1] = 0
    return counts


def library(seed, **options):
    """Return the library's estimator in the state our run starts from."""
    state = int(np.random.default_rng(seed).integers(2**32))
    return Library(2, random_state=np.random.RandomState(state), **options)


def steps_of(solver, problem, start, n_steps, seed=0):
    """Return the first steps themselves, their own objective with them."""
    rng = np.random.default_rng(seed)
    return list(islice(solver.iterate(problem, start, rng), n_steps))


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize(
    ("learning", "options"),
    [("batch", {}), ("online", {"batch_size": 7, "learning_decay": 0.6})],
)
def test_topics_are_those_of_a_fit_to_the_last_bit(
    learning, options, storage, counts, make_problem, make_start
):
    """Five steps give the components of a fit with five iterations, normalised."""
    matrix = counts if storage == "dense" else csr_array(counts)
    problem = make_problem(matrix)
    solver = LatentDirichletAllocation(learning=learning, **options)
    got = steps_of(solver, problem, make_start(problem, 2), 5)[-1].factors
    model = library(0, learning_method=learning, max_iter=5, **options).fit(matrix)
    want = model.components_ / model.components_.sum(axis=1, keepdims=True)
    assert (want == got.H).all()


def test_w_is_topic_proportions_times_length(counts, make_problem, make_start):
    """Near the library's transform once converged; rows sum to the documents' words."""
    problem = make_problem(counts)
    solver = LatentDirichletAllocation(mean_change_tol=1e-6)
    got = steps_of(solver, problem, make_start(problem, 2), 60)[-1].factors
    np.testing.assert_allclose(got.W.sum(axis=1), counts.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(got.H.sum(axis=1), 1, rtol=1e-12)
    model = library(0, max_iter=60, mean_change_tol=1e-6)
    proportions = model.fit(counts).transform(counts)
    want = proportions * counts.sum(axis=1, keepdims=True)
    # a step's W belongs to the topics it was found with, one update before H
    np.testing.assert_allclose(got.W, want, atol=1e-2)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_the_bound_is_that_of_the_library(storage, counts):
    """For any parameters, to the nine digits of the digamma function it uses."""
    matrix = counts if storage == "dense" else csr_array(counts)
    rng = np.random.default_rng(0)
    gamma, lam = rng.gamma(2, 3, (30, 2)), rng.gamma(2, 3, (2, 12))
    gamma[0, 0], lam[1, 3] = 1e-3, 1e-3
    model = library(0, doc_topic_prior=0.4, topic_word_prior=0.2)
    model._init_latent_vars(12)
    model.components_ = lam
    want = model._approx_bound(matrix, gamma, sub_sampling=False)
    assert variational_bound(matrix, gamma, lam, 0.4, 0.2) == pytest.approx(
        want, rel=1e-8
    )


def test_its_own_objective_falls(counts, make_problem, make_start):
    """Minus the bound, in nats; E-steps restart at random, so not at every step."""
    problem = make_problem(counts)
    steps = steps_of(LatentDirichletAllocation(), problem, make_start(problem, 2), 30)
    values = [step.objective for step in steps]
    assert values[-1] == pytest.approx(min(values), rel=1e-3)
    assert values[-1] < values[0]


def test_planted_topics_are_found(counts, make_problem, make_start):
    """Each topic puts nearly all its weight on one half of the words."""
    problem = make_problem(counts)
    solver = LatentDirichletAllocation()
    H = steps_of(solver, problem, make_start(problem, 2), 40)[-1].factors.H
    shares = H[:, :6].sum(axis=1)
    assert min(shares) < 0.15
    assert max(shares) > 0.85


def test_the_start_it_is_handed_is_ignored(counts, make_problem, make_start):
    """Its seed decides."""
    problem = make_problem(counts)
    solver = LatentDirichletAllocation()
    a, b = (
        steps_of(solver, problem, make_start(problem, 2, seed=s), 2)[-1].factors
        for s in (0, 1)
    )
    c = steps_of(solver, problem, make_start(problem, 2), 2, seed=1)[-1].factors
    assert (a.H == b.H).all()
    assert (a.H != c.H).any()


def test_a_version_without_the_steps_is_refused(
    counts, make_problem, make_start, monkeypatch
):
    """The sentence names the version."""
    monkeypatch.delattr(Library, "_em_step")
    problem = make_problem(counts)
    with pytest.raises(RuntimeError, match=r"scikit-learn \S+ fits LDA in another way"):
        steps_of(LatentDirichletAllocation(), problem, make_start(problem, 2), 1)


def test_it_declares_that_all_is_its_own():
    """Its start, its objective, its randomness."""
    (spec,) = nmflab_solvers()
    assert spec.name == "lda"
    assert spec.promises.init == spec.promises.minimises == "own"
    assert spec.is_random(LatentDirichletAllocation())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"learning": "x"}, r"solver\.learning must be one of batch, online, got 'x'"),
        ({"doc_topic_prior": 0.0}, r"solver\.doc_topic_prior must be > 0 .*got 0\.0"),
        ({"batch_size": 0}, r"solver\.batch_size must be >= 1 and finite, got 0"),
        ({"learning_decay": 0.4}, r"solver\.learning_decay must be >= 0\.5 .*got 0\.4"),
        ({"mean_change_tol": -1.0}, r"solver\.mean_change_tol must be >= 0 and"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        LatentDirichletAllocation(**parameters)
