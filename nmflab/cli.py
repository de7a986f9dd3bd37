"""The command line: subcommands, and everything else through Hydra."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_HYDRA_FLAGS = (
    "--info",
    "-i",
    "--hydra-help",
    "--shell-completion",
    "-sc",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code.

    0: all fine. 1: a run failed, or none could be made. 2: the command cannot be
    carried out as given. 130: interrupted. ``NMFLAB_DEBUG=1`` shows tracebacks.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ½ shows "?"
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()  # here, where a reader that is gone can be caught
        return code
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output is gone: `nmflab list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("NMFLAB_DEBUG"):
            raise
        print(f"nmflab: {_sentence(error)}", file=sys.stderr)
        return 2


def _sentence(error: Exception) -> str:
    from nmflab.config import ConfigError
    from nmflab.executors import ExecutorError
    from nmflab.registry import PluginError, UnknownPlugin
    from nmflab.store import StoreError

    text = str(error.args[0]) if error.args else type(error).__name__
    spoken = ConfigError | StoreError | PluginError | UnknownPlugin | ExecutorError
    if isinstance(error, spoken):
        return text
    return (
        f"{type(error).__name__}: {error} (unexpected; NMFLAB_DEBUG=1 shows where, and"
        " a report of it is welcome)"
    )


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        return _help()
    if arguments[0] == "--version":
        from nmflab import __version__

        print(f"nmflab {__version__}")
        return 0
    command = _COMMANDS.get(arguments[0])
    if command is not None:
        if {"--help", "-h"} & set(arguments[1:]):
            return _help_of(arguments[0])
        return command(arguments[1:])
    flags = [a for a in arguments if a.startswith("-")]
    if any(flag in _HYDRA_FLAGS for flag in flags):
        return _hydra(arguments)
    if any(flag in ("--cfg", "-c") for flag in flags):
        return _cfg(arguments)
    return _sweep(
        [a for a in arguments if a not in ("-m", "--multirun", "--run", "-r")]
    )


def _help() -> int:
    from nmflab.listing import help_text
    from nmflab.registry import load
    from nmflab.usage import USAGE

    print(USAGE)
    print(help_text(load()))
    return 0


def _help_of(command: str) -> int:
    from nmflab.usage import HELP

    print(HELP[command], end="")
    return 0


def _sweep(arguments: list[str]) -> int:
    from nmflab.commands import sweep
    from nmflab.config import ConfigError
    from nmflab.summary import dry_run_text, outcome_text
    from nmflab.sweep.outcome import DryRun

    unknown = next((a for a in arguments if a.startswith("-")), None)
    if unknown is not None:
        raise ConfigError(f"no option {unknown}; `nmflab --help` shows what there is")
    bare = next((a for a in arguments if "=" not in a and not a.startswith("~")), None)
    if bare is not None:
        raise ConfigError(
            f"'{bare}' is neither a command ({', '.join(_COMMANDS)}) nor an override;"
            " overrides are written key=value, as in experiment=movie_ratings"
        )
    outcome, page = sweep(arguments)
    if isinstance(outcome, DryRun):
        print(dry_run_text(outcome))
        return 0
    print(outcome_text(outcome, page, arguments))
    _print_panel(outcome.folder)
    return outcome.exit_code


def _print_panel(folder: Path) -> None:
    """Print what a study advises, where it was asked to."""
    from nmflab.advice import panel
    from nmflab.store import Store

    with Store.open(folder) as store:
        found = panel(store)
    if found is None:
        return
    from nmflab.advice.text import plain_text, rich_text

    print()
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(*rich_text(found), sep="\n")
    else:
        print(plain_text(found))


def _cfg(arguments: list[str]) -> int:
    """Print the first configuration of a sweep, and how many there are."""
    import yaml

    from nmflab.commands import spaces_of
    from nmflab.config import AXES, ConfigError

    at = next(i for i, a in enumerate(arguments) if a in ("--cfg", "-c"))
    kind = arguments[at + 1] if at + 1 < len(arguments) else ""
    if kind != "job":
        if kind in ("hydra", "all"):
            return _hydra(arguments)
        raise ConfigError(f"--cfg {kind}: choose job, hydra or all")
    rest = [a for a in arguments[:at] + arguments[at + 2 :] if a != "--resolve"]
    spaces, _ = spaces_of(rest)
    first = spaces[0]
    n_runs = sum(space.size for space in spaces)
    if n_runs > 1:
        print(f"# the first of {n_runs} configurations")
    config = {**{axis: first.axes[axis][0] for axis in AXES}, **first.settings}
    print(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), end="")
    return 0


def _hydra(arguments: list[str]) -> int:
    """Hand a flag of Hydra's own to Hydra."""
    import hydra

    from nmflab import session
    from nmflab.config import conf_dir

    session.open_search_path()

    def task(_cfg: object) -> None:
        return None

    sys.argv[1:] = arguments
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(
        task
    )()
    return 0


def _list(arguments: list[str]) -> int:
    from nmflab.listing import list_plugins
    from nmflab.registry import load

    print(list_plugins(load(), arguments[0] if arguments else None))
    return 0


def _show(arguments: list[str]) -> int:
    from nmflab.config import ConfigError
    from nmflab.listing import show_plugin
    from nmflab.registry import load

    if len(arguments) != 2:
        raise ConfigError("show: give a kind and a name, as in nmflab show solver hals")
    print(show_plugin(load(), *arguments))
    return 0


def _report(arguments: list[str]) -> int:
    from nmflab.commands import report
    from nmflab.sweep.folder import found_study
    from nmflab.usage import truth_of, words_of

    names, options = words_of("report", arguments, ("out", "all"))
    every = truth_of("report", options, "all")
    target = Path(options["out"]).expanduser() if "out" in options else None
    print(report([found_study(n) for n in names], all_sweeps=every, out=target))
    return 0


def _figures(arguments: list[str]) -> int:
    from nmflab.commands import figures
    from nmflab.report.papers import summary
    from nmflab.report.papers.asked import OPTIONS
    from nmflab.sweep.folder import found_study
    from nmflab.usage import words_of

    names, options = words_of("figures", arguments, OPTIONS)
    print(summary(figures([found_study(n) for n in names], options)))
    return 0


def _export(arguments: list[str]) -> int:
    from nmflab import session
    from nmflab.sharing import export
    from nmflab.sharing.exporting import OPTIONS
    from nmflab.usage import words_of

    names, options = words_of("export", arguments, ("out", *OPTIONS))
    folder = _only_study("export", names, "studies/movie_ratings")
    target = options.pop("out", None)
    out = Path(target).expanduser() if target else None
    print(export(folder, session.registry(), out=out, **options))
    return 0


def _only_study(command: str, names: Sequence[str], example: str) -> Path:
    from nmflab.config import ConfigError
    from nmflab.sweep.folder import found_study

    if len(names) != 1:
        raise ConfigError(
            f"{command}: {len(names)} studies given; name one, as in nmflab {command}"
            f" {example}"
        )
    return found_study(names[0])


def _recommend(arguments: list[str]) -> int:
    from nmflab.commands import RECOMMEND_OPTIONS, recommend
    from nmflab.recommend import plain_text, rich_text
    from nmflab.usage import words_of

    names, options = words_of("recommend", arguments, RECOMMEND_OPTIONS)
    folder = _only_study("recommend", names, "movie_ratings user=3")
    frame, written = recommend(folder, options)
    if written is not None:
        print(f"{len(frame):,} recommendations in {written}")
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(*rich_text(frame), sep="\n")
    else:
        print(plain_text(frame))
    return 0


def _score(arguments: list[str]) -> int:
    from nmflab.scoring import plain_text, rich_text, scored

    found, written = scored(arguments)
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(*rich_text(found), sep="\n")
    else:
        print(plain_text(found))
    if written is not None:
        print(f"\nwritten to {written}")
    return 0


def _compare(arguments: list[str]) -> int:
    from nmflab.reproducing.command import compare

    text, code = compare(arguments)
    print(text)
    return code


def _reproduce(arguments: list[str]) -> int:
    from nmflab.reproducing.command import reproduce

    text, code = reproduce(arguments)
    print(text)
    return code


def _check_plugin(arguments: list[str]) -> int:
    from nmflab.config import ConfigError
    from nmflab.registry import KINDS, load

    if len(arguments) != 1:
        raise ConfigError("check-plugin: give a name, as in nmflab check-plugin hals")
    try:
        import pytest
    except ImportError:
        raise ConfigError(
            "check-plugin needs pytest and hypothesis: pip install 'nmflab[test]'"
        ) from None
    loaded = load()
    if not any(arguments[0] in loaded.specs(kind) for kind in KINDS):
        raise ConfigError(
            f"check-plugin: nothing named '{arguments[0]}' is installed; `nmflab list`"
            " shows what is, and what failed to load"
        )
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    asked = ["--pyargs", "nmflab.testing", "-q", *quiet, "-k", arguments[0]]
    return int(pytest.main(asked))


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "list": _list,
    "show": _show,
    "report": _report,
    "figures": _figures,
    "export": _export,
    "recommend": _recommend,
    "score": _score,
    "compare": _compare,
    "reproduce": _reproduce,
    "check-plugin": _check_plugin,
}
