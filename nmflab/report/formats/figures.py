"""Charts as SVG and the script that draws them live, both without a network."""

from __future__ import annotations

import base64
import json
import os
import tempfile
import zlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from nmflab.report.content import Figure
from nmflab.report.drawing.theme import config


def render_svg(figure: Figure) -> str:
    """Return a figure as a standalone SVG."""
    return render_spec(full_spec(figure))


def render_spec(spec: dict[str, Any]) -> str:  # Any: the values of JSON
    """Return a whole specification as a standalone SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, vl_version=vega_lite_version()))


def full_spec(figure: Figure) -> dict[str, Any]:  # Any: the values of JSON
    """Return a figure's specification with the shared look."""
    own = figure.spec.get("config", {})
    return {**figure.spec, "config": _merged(config(), own)}


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value)
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        else value
        for key, value in over.items()
    }
    return {**base, **both}


def vega_lite_version() -> str:
    """Return Altair's Vega-Lite version where vl-convert has it, else its newest."""
    import altair
    import vl_convert

    wanted = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    known: list[str] = vl_convert.get_vegalite_versions()
    return wanted if wanted in known else known[-1]


_SNIPPET = "window.vegaEmbed = vegaEmbed;"


def cache_folder() -> Path:
    """Return where rebuilt-at-will files are kept: NMFLAB_CACHE, else the system's."""
    import platformdirs

    given = os.environ.get("NMFLAB_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("nmflab"))


def drawing_library() -> str:
    """Return the JavaScript that draws Vega-Lite charts, deflated; cached once made.

    Making it takes over a second; a cache that cannot be written costs only that.
    """
    import vl_convert

    version = vega_lite_version()
    name = f"vega-{metadata.version('vl-convert-python')}-{version}.js.deflated"
    cached = cache_folder() / "report" / name
    try:
        return cached.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        library = str(vl_convert.javascript_bundle(_SNIPPET, vl_version=version))
    packed = deflated(library)
    _keep(cached, packed)
    return packed


def _keep(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError:
        return


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def as_json(value: object) -> str:
    """Return compact JSON; raise ValueError where a number is not finite."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def deflated(text: str) -> str:
    """Return a text compressed (RFC 1950) and in base64, as the page's script reads it.

    What charts are made of shrinks to a tenth, the script that draws them to a third.
    """
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def embedded(value: object) -> str:
    """Return JSON that may stand inside a script element, whatever its strings hold."""
    text = as_json(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
