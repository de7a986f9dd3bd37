from __future__ import annotations

import pytest

from nmflab.listing import WIDTH, help_text, kind_word, list_plugins, show_plugin
from nmflab.registry import Registry, UnknownPlugin, load
from nmflab.testing.creator import HEADER, PluginCreator, solver_hook, solver_plugin

DOCUMENTED = (
    HEADER
    + """
class Rule(Enum):
    slow = 1
    quick = 2

@dataclass(frozen=True, kw_only=True)
class Inner:
    '''What stops a sweep.

    Parameters
    ----------
    most : int, default 3
        Largest number of sweeps.
    '''
    most: int = 3

@dataclass(frozen=True, kw_only=True)
class Shown:
    '''Minimises ``½‖X − WH‖_F²`` by
    coordinate descent.

    More text.

    Parameters
    ----------
    rule, other : Rule, default slow
        Which rule
        is used.
    path : str
        Where to read.
    inner : Inner
        The sweeps.

    References
    ----------
    A. Author, "A Title", 2020.
    '''
    rule: Rule = Rule.slow
    other: Rule | None = None
    path: str
    inner: Inner = Inner()
    def iterate(self, problem, init, rng):
        yield init
"""
)

SHOWN = 'SolverSpec(name="shown", solver=Shown, takes=Takes(losses={"beta"}))'


@pytest.fixture
def shown(plugins: PluginCreator) -> Registry:
    """Return a registry with one documented solver."""
    plugins.add("tried", DOCUMENTED + solver_hook(SHOWN), distribution="my-dist")
    return load(only=["tried"])


def test_a_plugin_is_one_line_with_its_first_sentence_and_origin(
    shown: Registry,
) -> None:
    """The first paragraph of the docstring is joined to one line."""
    assert list_plugins(shown, "solver").splitlines() == [
        "solvers (solver=...)",
        "  shown  my-dist 1.0  Minimises ``½‖X − WH‖_F²`` by coordinate descent.",
    ]


def test_what_depends_on_a_parameter_is_said_with_it(plugins: PluginCreator) -> None:
    """What is taken by default, then what an example takes beyond it."""
    record = (
        'SolverSpec(name="shown", solver=Mine, examples=(Mine(), Mine(step=2.0)),'
        " takes=lambda mine: Takes(missing=mine.step > 1))"
    )
    plugins.add("tried", HEADER + solver_hook(record))
    lines = show_plugin(load(only=["tried"]), "solver", "shown").splitlines()
    assert "  unobserved cells: refused" in lines
    assert "  unobserved cells: honoured (with step=2.0)" in lines
    assert sum("losses: " in line for line in lines) == 1


def test_a_choice_of_words_shows_the_words() -> None:
    """A parameter of nmflab's own that takes one of a few words."""
    text = show_plugin(Registry(), "objective", "frobenius")
    assert "objective.unit: none | W | H = 'none'" in text


def test_a_kind_without_plugins_is_said() -> None:
    """An empty list is an answer, too."""
    assert list_plugins(Registry(), "metrics").startswith("metrics: none\n")


def test_an_nmflab_that_is_not_installed_is_said() -> None:
    """Without metadata there is no plugin at all, and a reason for it."""
    assert "No plugin was found, not even nmflab's own" in list_plugins(Registry())


def test_failures_stand_at_the_end_with_their_reason(plugins: PluginCreator) -> None:
    """What cannot be used is listed with its distribution and why."""
    plugins.add("sound", solver_plugin("mine"))
    plugins.add("tried", "raise ValueError('the reason')\n", distribution="my-dist")
    text = list_plugins(load(only=["sound", "tried"]))
    assert text.index("mine") < text.index("not usable") < text.index("the reason")
    assert "tried (my-dist 1.0)" in text
    assert "Traceback" not in text


def test_debug_adds_the_traceback(
    plugins: PluginCreator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NMFLAB_DEBUG=1 shows where a plugin failed."""
    monkeypatch.setenv("NMFLAB_DEBUG", "1")
    plugins.add("tried", "raise ValueError('the reason')\n")
    assert "Traceback" in list_plugins(load(only=["tried"]))


def test_disabled_plugins_are_named(
    plugins: PluginCreator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment leaves out does not vanish from the list."""
    monkeypatch.setenv("NMFLAB_DISABLE_PLUGINS", "tried")
    plugins.add("tried", solver_plugin("mine"))
    assert "left out by NMFLAB_DISABLE_PLUGINS: tried" in list_plugins(
        load(only=["tried"])
    )


def test_a_plugin_that_only_listens_is_listed() -> None:
    """The run log has no name to configure, and is shown all the same."""
    text = list_plugins(load(only=["run_log"]))
    assert "run_log" in text.split("others\n")[1]


def test_help_lists_names_by_config_key(shown: Registry) -> None:
    """``--help`` shows what can stand behind ``solver=``."""
    assert (
        "solver:\n  shown  Minimises ``½‖X − WH‖_F²`` by coordinate descent.\n"
        in help_text(shown)
    )


def test_parameters_are_shown_as_they_are_written(shown: Registry) -> None:
    """Key, type or choices, default, and the docstring's words, nested ones too."""
    lines = show_plugin(shown, "solver", "shown").splitlines()
    at = lines.index("Parameters")
    assert lines[at + 1 : at + 12] == [
        "  solver.rule: slow | quick = slow",
        "      Which rule is used.",
        "  solver.other: slow | quick | None = None",
        "      Which rule is used.",
        "  solver.path: str, must be given",
        "      Where to read.",
        "  solver.inner: Inner = Inner(most=3)",
        "      The sweeps.",
        "    solver.inner.most: int = 3",
        "        Largest number of sweeps.",
        "",
    ]


def test_what_a_solver_takes_and_where_it_is_from_is_shown(shown: Registry) -> None:
    """The spec, the docstring's other sections and the origin follow."""
    text = show_plugin(shown, "solvers", "shown")
    for part in (
        "More text.",
        "losses: beta",
        "objective never rises: not promised",
        'A. Author, "A Title", 2020.',
        "my-dist 1.0, entry point 'tried'",
        "class tried_plugin.Shown",
    ):
        assert part in text


def test_an_unknown_name_is_refused_with_a_hint(shown: Registry) -> None:
    """``nmflab show`` answers as a run would."""
    with pytest.raises(UnknownPlugin, match="Did you mean 'shown'"):
        show_plugin(shown, "solver", "shwn")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("solver", "solver"),
        ("solvers", "solver"),
        ("init", "init"),
        ("inits", "init"),
        ("initialization", "init"),
        ("initializations", "init"),
    ],
)
def test_a_kind_may_be_singular_or_plural(word: str, kind: str) -> None:
    """``nmflab list solvers`` and ``nmflab list solver`` are one command."""
    assert kind_word(word) == kind


def test_an_unknown_kind_is_refused() -> None:
    """The kinds are named."""
    with pytest.raises(UnknownPlugin, match="no kind of plugin named 'algorithms'"):
        list_plugins(Registry(), "algorithms")


def test_every_bundled_plugin_can_be_shown_within_the_page() -> None:
    """No text is wider than the page; each plugin has a sentence; each field a word."""
    registry = load()
    texts = [list_plugins(registry), help_text(registry)]
    for kind in ("dataset", "init", "solver", "metric"):
        texts += [show_plugin(registry, kind, name) for name in registry.specs(kind)]
    assert "(no description)" not in "".join(texts)
    # Paths and docstrings are not wrapped; what is composed here is.
    lines = [line for text in texts[:2] for line in text.splitlines()]
    assert max(map(len, lines)) <= WIDTH
