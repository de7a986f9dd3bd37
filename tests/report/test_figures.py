"""SVGs, embedded data and the script bundle."""

import json
from pathlib import Path

import pytest

from nmflab.report.drawing.svg import inline_svg
from nmflab.report.formats import figures
from nmflab.report.formats.figures import (
    deflated,
    drawing_library,
    embedded,
    write_whole,
)


def test_embedded_json_cannot_end_its_element() -> None:
    """Markup and line separators are escaped, and read back the same."""
    value = {"a": "</script><!-- \u2028 & é"}
    text = embedded(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_not_a_number_is_refused_in_data() -> None:
    """NaN is no JSON: a chart with it would not be drawn."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded({"a": float("nan")})


def test_inner_ids_of_two_drawings_never_meet() -> None:
    """Clip paths of one SVG do not clip another."""
    svg = '<?xml?><svg><clipPath id="clip1"/><g clip-path="url(#clip1)"/></svg>'
    assert inline_svg(svg, "a") == (
        '<svg><clipPath id="a-clip1"/><g clip-path="url(#a-clip1)"/></svg>'
    )


def test_the_bundle_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time it is read from the cache; one that fails is no error."""
    import vl_convert

    made: list[str] = []

    def make(snippet: str, vl_version: str) -> str:
        made.append(vl_version)
        return "script"

    monkeypatch.setattr(vl_convert, "javascript_bundle", make)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    assert drawing_library() == drawing_library() == deflated("script")
    assert len(made) == 1
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "file"))
    assert drawing_library() == deflated("script")
    assert len(made) == 2


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failed write leaves the old file and no scraps."""
    path = tmp_path / "page.html"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "old"
    assert figures.cache_folder().is_absolute()
