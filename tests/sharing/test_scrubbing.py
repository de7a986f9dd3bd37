"""What says whose machine a text was written on is taken out; the rest stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmflab.sharing.scrubbing import Scrubber

SCRUBBER = Scrubber(
    hosts=["lab-7.uni.example", "vm"],
    users=["ann", "root"],
    folders=[Path("/home/ann lee"), Path("/srv/project")],
    kept=["hals", "alpha"],
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/ann lee/My Data/X y.csv", "X y.csv"),
        ("C:\\Users\\ann\\X.csv", "X.csv"),
        ("~/X.csv", "X.csv"),
        ("dataset.path=/home/ann/secret/X.csv", "dataset.path=X.csv"),
        ("dataset.path=/a b/X.csv,/c d/Y.csv", "dataset.path=X.csv,Y.csv"),
        ("at '/x/y z/q.csv', k=1", "at 'q.csv', k=1"),
        ("cannot read /srv/d/X.csv; mend it", "cannot read X.csv; mend it"),
        ("file:///home/ann/x.csv", "file:x.csv"),
    ],
)
def test_of_a_path_the_last_part_is_left(text: str, left: str) -> None:
    """Wherever it stands: alone, in an override, quoted, in a sentence."""
    assert SCRUBBER.text(text) == left


def test_a_path_into_a_package_keeps_what_lies_below_it() -> None:
    """A traceback still says which line of which module raised."""
    line = '  File "/home/ann/v/lib/python3.11/site-packages/nmflab/run.py", line 3'
    assert SCRUBBER.text(line) == '  File "nmflab/run.py", line 3'


@pytest.mark.parametrize(
    "text",
    [
        "see https://a.example/b/c.html and doi 10.1000/182",
        "a/b, km/h, 1/2, ½‖X − WH‖, </b>",
        "studies/movies",
        "solver=hals,mu n_components=2,4",
        "annotated roots, square root of it",
        "hals(alpha=1.0)",
        "//",
    ],
)
def test_what_is_no_path_and_no_name_stays(text: str) -> None:
    """Addresses, fractions, formulas, relative paths and ordinary words."""
    assert SCRUBBER.text(text) == text


def test_hosts_and_users_are_taken_out_of_running_text() -> None:
    """A host in full and in short, a user, an address of mail."""
    text = "ann on lab-7 (lab-7.uni.example) wrote to ann@lab-7.uni.example"
    assert SCRUBBER.text(text) == "user on machine 1 (machine 1) wrote to user@host"


def test_each_host_has_a_name_of_its_own() -> None:
    """Two machines stay two; the same one stays the same."""
    names = [SCRUBBER.host(n) for n in ("lab-7.uni.example", "vm", "new", "vm")]
    assert names == ["machine 1", "machine 2", "machine 3", "machine 2"]


def test_a_name_that_is_a_parameter_stays_one() -> None:
    """A host called as a parameter must not rename it in configurations."""
    scrubber = Scrubber(hosts=["alpha"], kept=["alpha"])
    tree = {"alpha": "alpha", "host": "alpha.uni.example"}
    assert scrubber.tree(tree)["alpha"] == "alpha"


def test_paths_in_names_of_fields_are_taken_out() -> None:
    """Provenance has fields such as "the data of file(path=...)"."""
    tree = SCRUBBER.tree({"the data of file(path=/home/ann/X.csv)": [1, None]})
    assert tree == {"the data of file(path=X.csv)": [1, None]}
