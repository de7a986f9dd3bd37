"""How commands are called: their help, and the words that follow them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from nmflab.config import ConfigError

USAGE = """\
nmflab: a laboratory for non-negative matrix factorization

  nmflab experiment=movie_ratings             run a saved study and write its report
  nmflab dataset=file dataset.path=X.csv n_components=2,4,8 "seed=range(5)"
  nmflab list [dataset|init|solver|metric|weighting|split|objective]   what there is
  nmflab show solver hals                     parameters, defaults, source
  nmflab report STUDY [all=true]              rebuild a report from its study
  nmflab report A B C [out=FOLDER]            one report of studies, machines apart
  nmflab export STUDY [out=FILE.zip]          an archive to publish, data by their terms
  nmflab figures STUDY [only=convergence]     figures and tables for a paper
  nmflab recommend STUDY [user=NAME] [top=10] what users have not seen and may like
  nmflab score dataset=bbc W=W.csv H=H.csv    factors made elsewhere, same metrics
  nmflab compare A B                          what changed between two studies
  nmflab reproduce STUDY [sample=20]          run a study again, compare every digit
  nmflab check-plugin NAME                    hold a plugin to the contracts

`nmflab COMMAND --help` lists a command's options.

A comma sweeps an axis (dataset weighting split objective init solver n_components
seed dtype case, and their parameters); settings take one value, or one list.
  advise=n_components   how many components: criteria side by side
  dry_run=true    what would be run, what is done, what is skipped and why
  retry=crash     make runs again by status
  fail_fast=true  stop at the first failure
  --cfg job       the resolved configuration, and how many there are
  --shell-completion install=bash             tab completion
"""

HELP = {
    "list": """\
nmflab list [KIND]      what is installed, and what failed to load

  KIND            dataset, init, solver, metric, weighting, split or objective
""",
    "show": """\
nmflab show KIND NAME   parameters, defaults, source, as in nmflab show solver hals
""",
    "report": """\
nmflab report STUDY     rebuild the report of a study
nmflab report A B C     one report of several studies

  out=FOLDER      where; STUDY/report by default, of several studies/A+B-report
  all=true        every run, not of the last command only
""",
    "figures": """\
nmflab figures STUDY    figures and tables for a paper
nmflab figures A B out=FOLDER

  only=           names of sections, figures or tables: only=convergence,results-table
  formats=        svg,pdf,png by default, or none
  tables=         latex,markdown,csv by default, or none
  width=          column (84 mm), page (174 mm) or millimetres
  out=FOLDER      where; STUDY/figures by default
  all=true        every run, not of the last command only
""",
    "export": """\
nmflab export STUDY     an archive to publish, without hosts, users and folders

  out=            a .zip, or a new folder; STUDY.zip by default
  data=           terms (by default: what may be passed on), include or none
  factors=        terms (by default: where the data are included), all or none
  figures=        all (by default) or none
  all=true        the report tells of every command, not of the last only
""",
    "recommend": """\
nmflab recommend STUDY  what users have not seen and may like

  user=NAME       of one user, by name or by number counted from 1
  new=            of somebody with a few ratings: new="Fargo (1996)=4, Babe (1995)=5"
  top=10          how many
  min_known=20    items known in at least so many cells
  run=KEY         by this run; the best one by default
  csv=FILE        write them, of every user where none is named
  side=columns    users are the columns of X, where the data do not tell
""",
    "score": """\
nmflab score dataset=NAME W=W.csv H=H.csv    factors made elsewhere, same metrics

  W.variable=, H.variable=        the variable of a .mat or .npz
  row_offset=, column_offset=     what the model adds to the cells of a row, a column
  study=STUDY     its best run on the same problem, beside
  csv=FILE        write the table
  "metrics=[relative_error]"      by default all that apply
  weighting, split, objective and their parameters pose the problem, as for a run
""",
    "compare": """\
nmflab compare A B      what changed between two studies, or archives of them
nmflab compare STUDY    between its last two commands

  sweeps=1,3      the commands to compare, by number
  tolerance=1e-6  relative difference that counts as none
  output=FILE     .csv: every figure; .md, .txt: what is printed
""",
    "reproduce": """\
nmflab reproduce STUDY  run a study again and compare every digit

  STUDY           a folder, an archive of nmflab export, or a study.yaml
  sample=20       so many of its runs
  seed=0          of the sample
  into=FOLDER     where the new runs go; beside the study, -reproduced, by default
  sweep=2         a command of the study by number; the last one by default
  tolerance=1e-6  relative difference that counts as none
  output=FILE     .csv: every figure; .md, .txt: what is printed
""",
    "check-plugin": """\
nmflab check-plugin NAME    hold a plugin to the contracts
""",
}
"""Of each command."""


def words_of(
    command: str, arguments: Sequence[str], known: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Return the studies and the options of a command line, ``name=value``.

    Parameters
    ----------
    command : str
        For messages.
    arguments : sequence of str
        What follows the command. A folder that is there may have a "=" in its name.
    known : sequence of str
        Names of the options.

    Raises
    ------
    ConfigError
        For an unknown option, or one without a value.
    """
    names: list[str] = []
    options: dict[str, str] = {}
    for text in arguments:
        name, equals, value = text.partition("=")
        if text.startswith("-"):
            raise ConfigError(
                f"{command}: no option {text}; options are written name=value, and"
                f" nmflab {command} --help lists them"
            )
        if not equals or (name not in known and Path(text).exists()):
            names.append(text)
        elif name not in known:
            raise ConfigError(_unknown(command, name, known))
        elif not value:
            raise ConfigError(f"{command}: {name}= is empty; give it a value")
        else:
            options[name] = value
    return names, options


def _unknown(command: str, name: str, known: Sequence[str]) -> str:
    there = ", ".join(f"{option}=" for option in known)
    near = difflib.get_close_matches(name, known, n=1)
    meant = f". Did you mean '{near[0]}='?" if near else ""
    return f"{command}: no option {name}=; there are {there}{meant}"


def truth_of(command: str, options: dict[str, str], name: str) -> bool:
    """Take a yes or no out of the options; False where it is not given.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    text = options.pop(name, "false")
    if text.lower() not in ("true", "false"):
        raise ConfigError(f"{command}: {name}={text} is neither true nor false")
    return text.lower() == "true"
