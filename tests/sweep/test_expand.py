from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode
from omegaconf import OmegaConf

from nmflab import session
from nmflab.config import ConfigError
from nmflab.sweep.expand import CONFIG_NAME, Space, expand
from nmflab.sweep.nodes import node_text
from nmflab.sweep.overrides import listed, literal
from nmflab.sweep.plan import Data, Plan

RATINGS = "dataset=movie_ratings"
TWO_CASES = "cases={slow:{solver:mu},quick:{solver:hals,solver.inner:2}}"


SAVED = """\
# @package _global_
defaults:
  - override /dataset: movie_ratings
  - override /objective: kullback_leibler
n_components: 4
stop:
  max_steps: 7
cases:
  plain: {solver: mu}
  floored: {solver.floor: 0.5, solver: mu, stop.max_steps: 9}
hydra:
  sweeper:
    params:
      seed: range(2)
      init: [random, nndsvda]
"""


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfigLoader]:
    """Open Hydra over nmflab's configuration, once, with an experiment `saved`."""
    folder = tmp_path_factory.mktemp("conf")
    (folder / "experiment").mkdir()
    (folder / "experiment" / "saved.yaml").write_text(SAVED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NMFLAB_CONF", str(folder))
        with session.hydra() as hydra:
            yield hydra.config_loader


def spaces(loader: ConfigLoader, *overrides: str, fast: bool = True) -> list[Space]:
    """Expand as the command line does, with the saved sweep of an experiment."""
    arguments, params = listed(overrides), OmegaConf.create({})
    if any(one.startswith("experiment=") for one in arguments):
        cfg = loader.load_configuration(CONFIG_NAME, arguments, RunMode.MULTIRUN)
        params = cfg.hydra.sweeper.params
    return expand(loader, arguments, params, registry=session.registry(), fast=fast)


def configs(found: Sequence[Space]) -> list[dict[str, Any]]:
    """Return the configuration of every run of some spaces."""
    return [
        {**dict(zip(space.axes, nodes, strict=True)), **space.settings, "_": space.case}
        for space in found
        for nodes in itertools.product(*space.axes.values())
    ]


def texts(found: Sequence[Space]) -> list[str]:
    """Return the runs as sorted JSON, in which 1, 1.0 and true differ."""
    return sorted(json.dumps(config, sort_keys=True) for config in configs(found))


def swept(loader: ConfigLoader, key: str, *overrides: str) -> list[Any]:
    """Return the values that one dotted key takes over the runs asked for."""
    values = []
    for config in configs(spaces(loader, *overrides)):
        for part in key.split("."):
            config = config[part]
        values.append(config)
    return values


def refusal(loader: ConfigLoader, *overrides: str) -> str:
    """Return the message with which some overrides are refused."""
    with pytest.raises(ConfigError) as caught:
        spaces(loader, *overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("n_runs", "overrides"),
    [
        (1, [RATINGS]),
        (4, [RATINGS, "solver=hals,mu", "n_components=2,4"]),
        (4, [RATINGS, "seed=range(2)", "init=random,nndsvd"]),
        (3, ["dataset=synthetic", "dataset.noise=0,1,1e-3"]),
        (4, [RATINGS, "dtype=float32,float64", "init.scale=true,false"]),
        (2, [RATINGS, "init=sklearn", "init.random_state=null,3"]),
        (2, ["dataset=file", "dataset.path='a b.csv',\"it's,c.csv\""]),
        (2, [RATINGS, "objective.l1_W=0,1", "objective.l1_H=2"]),
        (4, [RATINGS, TWO_CASES, "n_components=2,3"]),
        (8, ["experiment=saved"]),
        (2, ["experiment=saved", "seed=7,8", "init=random", "case=floored"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_the_fast_path_equals_composing_each_run_by_hydra(
    loader: ConfigLoader, n_runs: int, overrides: list[str]
) -> None:
    """Values set in plain dicts are those, to the type, that Hydra composes."""
    quick, true = (spaces(loader, *overrides, fast=fast) for fast in (True, False))
    assert len(texts(quick)) == n_runs
    assert texts(quick) == texts(true)


def test_swept_values_are_composed_once_for_all(loader: ConfigLoader) -> None:
    """A sweep of plain values is one space, whatever its size."""
    found = spaces(loader, RATINGS, "seed=range(1000)", "n_components=range(1,26)")
    assert [space.size for space in found] == [25_000]


def test_an_int_for_a_float_becomes_a_float(loader: ConfigLoader) -> None:
    """Otherwise 1 and 1.0 would be two runs with two keys."""
    values = swept(loader, "objective.l1_W", RATINGS, "objective.l1_W=1,2")
    assert [type(value) for value in values] == [float, float]


@pytest.mark.parametrize("key", ["retry", "metrics"])
def test_a_comma_on_a_list_setting_makes_a_list(loader: ConfigLoader, key: str) -> None:
    """`retry=error,crash` is one sweep that retries both."""
    assert swept(loader, key, RATINGS, f"{key}=error,crash") == [["error", "crash"]]


@pytest.mark.parametrize("text", ["error", "[error]"])
def test_one_value_on_a_list_setting_makes_a_list(
    loader: ConfigLoader, text: str
) -> None:
    """`retry=error` needs no brackets."""
    assert swept(loader, "retry", RATINGS, f"retry={text}") == [["error"]]


@pytest.mark.parametrize("key", ["stop.kkt", "study", "limits.threads", "experiment"])
def test_a_comma_on_another_setting_is_refused(loader: ConfigLoader, key: str) -> None:
    """The message names the key and says what compares variants."""
    with pytest.raises(ConfigError) as caught:
        expand(loader, [RATINGS, f"{key}=1,2"])
    message = str(caught.value)
    assert message.startswith(f"{key}=1,2: {key} is a setting")
    assert "cases={...}" in message


def test_an_interpolated_value_follows_the_axis_it_names(loader: ConfigLoader) -> None:
    """`${n_components}` is another in each run, so all are composed by Hydra."""
    overrides = [RATINGS, "n_components=1,2", "solver.inner=${n_components}"]
    assert swept(loader, "solver.inner", *overrides) == [1, 2]


def test_an_interpolation_in_a_case_follows_the_axis_it_names(
    loader: ConfigLoader,
) -> None:
    """A case is applied before it is resolved."""
    cases = "cases={a:{solver.inner:${n_components}}}"
    overrides = [RATINGS, "n_components=1,2", cases]
    assert swept(loader, "solver.inner", *overrides) == [1, 2]


def test_a_swept_interpolation_is_one_value_of_several(loader: ConfigLoader) -> None:
    """A sweep may mix interpolations and plain values."""
    overrides = [RATINGS, "n_components=4", "solver.inner=${n_components},7"]
    assert swept(loader, "solver.inner", *overrides) == [4, 7]


def test_an_added_key_can_be_swept(loader: ConfigLoader) -> None:
    """`++key=a,b` goes through Hydra and gives both values."""
    assert swept(loader, "solver.inner", RATINGS, "++solver.inner=2,3") == [2, 3]


def test_a_deleted_override_takes_the_saved_study_out(loader: ConfigLoader) -> None:
    """`~experiment` is Hydra's own grammar, left to Hydra."""
    found = expand(loader, [RATINGS, "~experiment"], {})
    assert [space.size for space in found] == [1]


def test_the_command_line_narrows_a_saved_sweep(loader: ConfigLoader) -> None:
    """A key given again replaces the saved values of that key only."""
    overrides = ["experiment=saved", "seed=7"]
    assert set(swept(loader, "seed", *overrides)) == {7}
    assert set(swept(loader, "init.name", *overrides)) == {"random", "nndsvda"}


def test_cases_carry_their_labels(loader: ConfigLoader) -> None:
    """Each case is one value of an axis crossed with the rest."""
    found = spaces(loader, RATINGS, TWO_CASES, "seed=0,1")
    assert [(space.case, space.size) for space in found] == [("slow", 2), ("quick", 2)]
    assert [space.axes["solver"][0]["name"] for space in found] == ["mu", "hals"]


def test_a_case_may_set_its_parameter_before_its_solver(loader: ConfigLoader) -> None:
    """The order of keys in a YAML file means nothing."""
    cases = "cases={a:{solver.floor:0.5,solver:mu}}"
    assert swept(loader, "solver.floor", RATINGS, cases) == [0.5]


def test_case_chooses_among_the_cases(loader: ConfigLoader) -> None:
    """`case=quick` leaves the others out."""
    found = spaces(loader, RATINGS, TWO_CASES, "case=quick")
    assert [space.case for space in found] == ["quick"]


def test_a_plugin_failing_its_schema_in_one_choice_points_to_cases(
    loader: ConfigLoader,
) -> None:
    """Only hals has ``blocked``: it cannot compose; the message says what can."""
    overrides = ["solver=hals,mu", "solver.blocked=true,false"]
    message = refusal(loader, RATINGS, *overrides)
    assert "solver.blocked: MultiplicativeUpdates has no parameter 'blocked'" in message
    assert message.endswith("use cases)")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("solvr=hals", "no key named 'solvr' in the configuration; known: dataset,"),
        ("solvr=hals", "Did you mean 'solver'?"),
        (
            "solver=hal",
            "no solver named 'hal' (config key 'solver'); installed: anls_bpp,",
        ),
        ("solver=hals,hal", "Did you mean 'hals'?"),
        ("init=nndsv", "no init named 'nndsv' (config key 'init'); installed:"),
        ("dataset=movie_rating", "Did you mean 'movie_ratings'?"),
        ("split=nome", "no split named 'nome' (config key 'split'); known:"),
        ("weighting=nome", "Did you mean 'none'?"),
        ("objective=frobenus", "Did you mean 'frobenius'?"),
        ("solver.iner=2", "solver.iner: Hals has no parameter 'iner'; it has"),
        ("solver.iner=2,3", "did you mean 'inner'?"),
        ("stop.ktk=1", "stop.ktk: there is no such key"),
        ("metric.rsme.x=1", "metric.rsme: there is no such key"),
        ("n_components=two", "n_components=two: Value 'two' of type 'str' could not"),
        ("n_components=2,two", "n_components=two: Value 'two' of type 'str' could"),
        ("n_components=2.5", "n_components=2.5: Value '2.5' of type 'float' could"),
        ("n_components=null", "n_components=null: field 'n_components' is not Opt"),
        ("seed=true,2", "seed=true: Value 'True' of type 'bool' could not be"),
        ("dtype=float16", "dtype=float16: Invalid value 'float16', expected one of"),
        ("dtype=float16,float32", "expected one of [float64, float32]"),
        ("executor=serial", "executor=serial: executor has keys of its own"),
        ("n_components=interval(0,1)", "an interval has no list of values"),
        ("n_components=range(2,2)", "there is no value in it"),
        ("solver=[hals,mu]", "or several in a sweep: solver=hals,mu"),
        ("n_components=((2)", "cannot read the override n_components=((2)"),
        ("solver.name=mu", "solver.name cannot be set: it says which solver this is"),
        ("dataset.name=file", "choose with dataset=<name>"),
        ("objective.loss=beta", "objective.loss cannot be set"),
        ("solver={name:mu}", "solver.name cannot be set"),
        ("cases={a:{solver.name:mu}}", "solver.name cannot be set"),
        ("case=b", "case=b: there are no cases; give cases={...}"),
        ("cases=3", "cases=3: give each case a label and its overrides"),
        ("cases={a:hals}", "cases.a is 'hals'; give overrides, as in a: {solver:"),
        ("cases={a:{report:false}}", "cases.a.report: a case may set axes (dataset,"),
        ("seed=${oc.env:HOME}", "an axis may not depend on the environment"),
        ("dtype=${oc.env:NMFLAB_DTYPE,float32}", "may not depend on the environment"),
        ("+solver._target_=os.system", "nmflab imports nothing by dotted path"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    loader: ConfigLoader, override: str, said: str
) -> None:
    """The key, the value and the way out are named."""
    given = [override] if override.startswith("dataset=") else [RATINGS, override]
    assert said in refusal(loader, *given)


def test_a_swept_value_may_not_come_from_the_environment(
    loader: ConfigLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record would not say what was run."""
    monkeypatch.setenv("NMFLAB_ZEROS", "missing")
    overrides = [RATINGS, "dataset.zeros=${oc.env:NMFLAB_ZEROS},values"]
    assert "${oc.env:...} in an axis" in refusal(loader, *overrides)


def test_without_a_dataset_those_installed_are_named(loader: ConfigLoader) -> None:
    """The one choice without a default is asked for."""
    message = refusal(loader, "n_components=2")
    assert message.startswith("no dataset chosen; give dataset=<one of all_aml, ap,")


def test_a_parameter_without_default_must_be_given(loader: ConfigLoader) -> None:
    """A study named '???' would help nobody."""
    message = refusal(loader, "dataset=file")
    assert message.startswith("dataset.path must be given, as in dataset.path=<value>")


def test_an_unknown_case_is_named_with_the_nearest(loader: ConfigLoader) -> None:
    """As for plugins and keys."""
    message = refusal(loader, RATINGS, TWO_CASES, "case=quik")
    assert message == (
        "no case named 'quik' in the cases; known: slow, quick. Did you mean 'quick'?"
    )


@pytest.mark.parametrize("override", ["solver=mu", "solver=hals,mu"])
def test_a_case_and_the_sweep_may_not_set_the_same_key(
    loader: ConfigLoader, override: str
) -> None:
    """One of the two would silently win."""
    message = refusal(loader, RATINGS, TWO_CASES, override)
    assert message.startswith("cases.slow sets solver, and so does the sweep")


def test_a_parameter_put_in_by_force_is_caught_when_the_plan_is_made(
    loader: ConfigLoader,
) -> None:
    """Hydra accepts ``+solver.typo=1`` on a typed node; the class does not."""
    found = spaces(loader, RATINGS, "+solver.typo=1")
    data = {node_text(node): Data() for node in found[0].axes["dataset"]}
    plan = Plan(found, session.registry(), data)
    with pytest.raises(ConfigError, match=r"solver\.typo: Hals has no parameter"):
        plan.check()


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -0.5, 1e-08, "hals", "it's, {a}: [b]", "", [1, "a b"], {"k": 2}],
)
def test_a_literal_is_read_back_as_the_value_it_was_made_of(value: Any) -> None:
    """Whatever a YAML file or Python holds can be written as an override."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    [override] = OverridesParser.create().parse_overrides([f"x={literal(value)}"])
    assert override.value() == value
