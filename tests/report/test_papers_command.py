"""`nmflab figures`: what is asked for, what is written, and how it fails."""

import csv
import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from nmflab import Study as Opened
from nmflab.cli import main
from nmflab.config import ConfigError
from nmflab.contracts import Dataset
from nmflab.report.content import Card, Cards, Figure, Picture
from nmflab.report.drawing.pictures import image_svg
from nmflab.report.drawing.theme import CLEAREST, PALETTE, colours
from nmflab.report.papers import FiguresError, asked, convergence, write_figures
from nmflab.report.papers.curves import all_curves
from nmflab.report.papers.fitting import COLUMN, PAGE, POINTS_PER_MM
from nmflab.report.papers.rendering import draw
from nmflab.report.papers.sheets import sheet
from nmflab.report.reading.material import gather
from nmflab.store import Store
from tests.report.conftest import Study


def width_of(svg: Path) -> float:
    """Return the millimetres that an SVG says it is wide."""
    said = ElementTree.parse(svg).getroot().get("width", "")
    return float(said.removesuffix("mm"))


@pytest.fixture(scope="module")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study of two solvers on two data sets, one of images."""
    study = Study(tmp_path_factory.mktemp("studies") / "small")
    rng = np.random.default_rng(0)
    X = rng.random((40, 2)) @ rng.random((2, 36)) + 0.1 * rng.random((40, 36))
    sets = {
        "table": Dataset(X=X),
        "images": Dataset(X=X[::-1], extras={"image_shape": np.array([6, 6])}),
    }
    for label, dataset in sets.items():
        print_of = study.dataset(label, dataset)
        for seed, (solver, steps) in product(range(2), (("mu", 40), ("hals", 10))):
            where = {"k": 2, "seed": seed, "steps": steps, "solver": solver}
            study.fitted(dataset.X, fingerprint=print_of, dataset=label, **where)
    study.run({"status": "error", "reason": "it broke"}, solver="broken")
    study.close()
    return study.folder


@pytest.fixture(scope="module")
def written(small_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all figures and tables of that study."""
    out = tmp_path_factory.mktemp("papers")
    Opened(small_study).figures(out)
    return out


def test_every_figure_is_written_in_each_format(written: Path) -> None:
    """Three files a name, of figures, sheets and the convergence figure alike."""
    kinds: dict[str, set[str]] = {}
    for path in written.glob("*.*"):
        kinds.setdefault(path.stem, set()).add(path.suffix)
    drawn = {name for name, of in kinds.items() if ".svg" in of}
    assert {"convergence-steps", "error-by-solver"} <= drawn
    assert any(name.startswith("paper-convergence") for name in drawn)
    assert all({".svg", ".pdf", ".png"} <= kinds[name] for name in drawn)


def test_every_svg_is_self_contained_and_of_a_width_of_print(written: Path) -> None:
    """At most a page wide; well-formed; no address leads out of the file."""
    for path in written.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert 0 < width_of(path) <= PAGE + 0.01, path.name
        addresses = re.findall(r"href=\"([^\"]+)|url\(([^)]+)\)", text)
        found = [one for pair in addresses for one in pair if one]
        assert all(one.startswith(("data:", "#")) for one in found), path.name
        assert "currentColor" not in text
        assert "system-ui" not in text


def test_every_pdf_embeds_its_fonts(written: Path) -> None:
    """No descriptor of a font without the font."""
    for path in written.glob("*.pdf"):
        pdf = path.read_bytes()
        described = re.findall(rb"/Type /FontDescriptor(.*?)endobj", pdf, re.DOTALL)
        assert described, path.name
        assert all(b"/FontFile" in one for one in described), path.name


def test_every_table_is_written_in_each_format(written: Path) -> None:
    """One file a table and format, of those folded away too."""
    names = {path.suffix: set() for path in (written / "tables").iterdir()}
    for path in (written / "tables").iterdir():
        names[path.suffix].add(path.stem)
    assert set(names) == {".tex", ".md", ".csv"}
    assert names[".tex"] == names[".md"] == names[".csv"]
    assert {"axes", "settings", "versions"} <= names[".csv"]


def test_no_file_says_nan(written: Path) -> None:
    """Tables and captions have words or nothing where there is no number."""
    for path in [*(written / "tables").iterdir(), *written.glob("*.tex")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bnan\b", text, re.IGNORECASE), path.name


def test_the_numbers_of_a_table_are_those_of_the_store(
    study: Any, tmp_path: Path
) -> None:
    """The mean objective of a CSV is the store's, to the last bit."""
    X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    print_of = study.dataset("data", Dataset(X=X))
    for solver, steps in (("mu", 5), ("hals", 50)):
        for seed in range(3):
            study.fitted(
                X, fingerprint=print_of, k=1, seed=seed, steps=steps, solver=solver
            )
    with study.read() as store:
        write_figures(
            store, asked({"formats": "none", "only": "results"}), out=tmp_path
        )
        runs = store.runs()
    means = runs.groupby("solver")["objective_value"].mean()
    found: dict[str, float] = {}
    for path in (tmp_path / "tables").glob("results*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found |= {row["Solver"]: float(row["Objective"]) for row in rows}
    assert found == dict(means)


def test_only_what_is_named_is_written(small_study: Path, tmp_path: Path) -> None:
    """A section's name takes what stands in it; a figure's, that figure."""
    opened = Opened(small_study)
    files = opened.figures(
        tmp_path, only=["error-by-solver"], formats=("svg",), tables="none"
    )
    assert [path.name for path in files] == ["error-by-solver.svg"]
    files = opened.figures(tmp_path, only="provenance", tables="csv")
    assert {path.parent.name for path in files} == {"tables"}
    assert "versions.csv" in {path.name for path in files}


def test_the_convergence_figure_comes_with_its_latex(
    small_study: Path, tmp_path: Path
) -> None:
    """One command: drawing, picture, its data, a document and a figure."""
    files = Opened(small_study).figures(
        tmp_path, only="paper-convergence", formats="pdf"
    )
    first = {path.name for path in files if "images" in path.name}
    endings = {re.sub(r"^.*-k\d(-[0-9a-f]{8})?", "", name) for name in first}
    assert endings == {
        *(".pdf", ".tikz", "-standalone.tex", "-figure.tex"),
        *("-time.dat", "-iterations.dat"),
    }


@pytest.mark.parametrize("mm", [COLUMN, 120.0, PAGE])
def test_a_chart_is_as_wide_as_asked(small_study: Path, mm: float) -> None:
    """To a hundredth of a millimetre, whatever its axes and legends need."""
    with Store.open(small_study) as store:
        material = gather(store)
        [curves, *_], _ = all_curves(material)
    look = convergence.looks({"hals": "#0072b2", "mu": "#e69f00"})
    drawing = draw(convergence.figure(curves, "paper", look, ""), mm)
    assert drawing.millimetres == pytest.approx(mm, abs=0.01)
    assert drawing.letters == pytest.approx(7.5, rel=0.01)


def heatmap(side: int) -> Figure:
    """Return a chart of a fixed size in pixels."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"x": 1, "y": 1}]},
        "mark": "point",
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
        "width": side,
        "height": 40,
    }
    return Figure("map", "Map", "A map.", spec)


def test_a_drawing_of_fixed_size_is_never_drawn_larger() -> None:
    """A small one keeps its size; a large one is made smaller, and says how small."""
    small, large = draw(heatmap(100), PAGE), draw(heatmap(3000), PAGE)
    assert small.width < 0.5 * PAGE * POINTS_PER_MM
    assert small.letters == pytest.approx(7.5)
    assert large.width == pytest.approx(PAGE * POINTS_PER_MM)
    assert large.letters < 6


def cards(n: int) -> Cards:
    """Return so many components of one square picture each."""
    svg = image_svg(np.eye(4), "an image")
    made = [
        Card(f"Component {k}", "", [Picture(f"p{k}", svg, "w", "H")]) for k in range(n)
    ]
    return Cards("parts", "Parts <of> & faces", made)


@pytest.mark.parametrize("n", [1, 3, 49, 200])
def test_a_sheet_holds_every_picture_within_a_page(n: int) -> None:
    """None is left out, none lies beyond the edge; many are made smaller."""
    drawing = sheet(cards(n), None)
    root = ElementTree.fromstring(drawing.svg)
    _, _, wide, high = (float(part) for part in root.get("viewBox", "").split())
    inner = root.findall("{http://www.w3.org/2000/svg}svg")
    assert len(inner) == n
    for one in inner:
        at = {
            name: float(one.get(name, "nan")) for name in ("x", "y", "width", "height")
        }
        assert at["x"] + at["width"] <= wide
        assert at["y"] + at["height"] <= high
    assert high <= 1.5 * wide


def test_ids_of_pictures_on_a_sheet_are_their_own() -> None:
    """A clip path of one would clip the others."""
    svg = '<svg viewBox="0 0 9 9"><clipPath id="c"/><g clip-path="url(#c)"/></svg>'
    two = [Card(f"{k}", "", [Picture(f"p{k}", svg, "w")]) for k in range(2)]
    found = re.findall(r'id="([^"]+)"', sheet(Cards("s", "S", two), None).svg)
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "pdf"}, "no option format=.*Did you mean 'formats'"),
        ({"formats": "pfd"}, "formats=pfd is not written.*Did you mean 'pdf'"),
        ({"tables": ""}, "tables= is empty"),
        ({"tables": "latx"}, "Did you mean 'latex'"),
        ({"width": "colum"}, r"give column \(84 mm\), page \(174 mm\) or"),
        ({"width": "1000"}, "millimetres from 40 to 400"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    options: dict[str, str], said: str
) -> None:
    """The option, the value, and what there is."""
    with pytest.raises(FiguresError, match=said):
        asked(options)


def test_words_are_read_in_any_order_and_once() -> None:
    """`formats=png,pdf,png` is what it seems; `none` is nothing."""
    found = asked({"formats": "png, pdf,png", "tables": "none", "width": "90mm"})
    assert found.formats == ("pdf", "png")
    assert found.tables == ()
    assert found.width == 90


def test_a_name_that_nothing_has_is_answered_with_the_nearest(
    small_study: Path, tmp_path: Path
) -> None:
    """Nothing is written then."""
    with pytest.raises(
        ConfigError, match=r"only=convergense.*Did you mean 'convergence"
    ):
        Opened(small_study).figures(tmp_path / "out", only="convergense")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(
    small_study: Path, tmp_path: Path
) -> None:
    """Where, why, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot write to .*file.*out=FOLDER"):
        Opened(small_study).figures(tmp_path / "file" / "x", only="paper-convergence")


def test_the_command_says_what_it_wrote(
    small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many files of which kind, and where."""
    out = tmp_path / "figures"
    arguments = ["figures", str(small_study), f"out={out}", "only=provenance"]
    assert main([*arguments, "tables=latex,csv"]) == 0
    assert re.match(
        rf"\d+ files in {out}: \d+ \.csv, \d+ \.tex", capsys.readouterr().out
    )
    assert main(["figures"]) == 2
    assert "name a study" in capsys.readouterr().err


def test_without_a_folder_the_study_has_it(study: Any) -> None:
    """``figures/`` beside the store: the report's own pictures are not touched."""
    study.close()
    files = Opened(study.folder).figures(formats="svg", tables="csv")
    assert {path.parents[1] for path in files} == {study.folder / "figures"}


@pytest.mark.parametrize("status", ["", "error"])
def test_a_study_without_a_finished_run_has_tables_and_no_figure(
    study: Any, tmp_path: Path, status: str
) -> None:
    """An empty one, and one of failures only."""
    if status:
        study.run({"status": status, "reason": "it broke"}, solver="broken")
    study.close()
    files = Opened(study.folder).figures(tmp_path)
    assert {path.suffix for path in files} == {".tex", ".md", ".csv"}


def test_files_are_replaced_whole(small_study: Path, tmp_path: Path) -> None:
    """A second command leaves the same files and no scraps."""
    opened = Opened(small_study)
    options = {"only": "paper-convergence", "formats": "svg"}
    first = opened.figures(tmp_path, **options)
    assert opened.figures(tmp_path, **options) == first
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(first)


@pytest.mark.parametrize(
    "names", [["hals", "mu"], ["hals", "mu", "gcd", "anls_bpp"], [*"abcdefgh"]]
)
def test_solvers_have_colours_of_their_own(names: Sequence[str]) -> None:
    """As long as the palette has enough, in whatever order they are named."""
    found = colours(names)
    assert len(set(found.values())) == len(names)
    assert colours(names[::-1]) == dict(reversed(found.items()))


def test_few_solvers_have_the_clearest_colours() -> None:
    """Four of them never meet orange with vermilion, or blue with light blue."""
    found = {
        c for n in range(50) for c in colours([f"{n}{i}" for i in range(4)]).values()
    }
    assert found == set(PALETTE[: CLEAREST[0]])


def test_most_solvers_keep_their_colour_in_another_study() -> None:
    """Leaving one out of four moves few of the others."""
    kept = total = 0
    for n in range(60):
        names = [f"solver {n} {i}" for i in range(4)]
        all_four, three = colours(names), colours(names[:3])
        kept += sum(all_four[name] == three[name] for name in three)
        total += 3
    assert kept / total > 0.7  # 0.25 if they were drawn anew


def test_more_solvers_than_colours_share_them_evenly() -> None:
    """Eighteen among eight: two or three each."""
    found = list(colours([f"{n}" for n in range(18)]).values())
    counts = [found.count(colour) for colour in PALETTE]
    assert set(counts) == {2, 3}
