"""Drawings made small: half the bytes of Vega's say nothing that is seen.

Imports nothing of nmflab's: the process that draws reads this file alone.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

_TAG = re.compile(r"<[^<>]*>")
_NO_TEXT = re.compile(r"<text [^<>]*(?:/>|></text>|opacity=\"0\">[^<>]*</text>)")
_IDLE = re.compile(
    r' (?:aria-hidden="true"|role="graphics-\w+"|aria-roledescription="[^"]*"'
    r'|pointer-events="none"|opacity="1"|stroke="[^"]*" stroke-width="0"'
    r'|stroke-width="1"|[xy]2="0"|class="mark-[^"]*"|class="background")'
)
_LONG = re.compile(r"(\.\d\d)\d+")
_LINE = re.compile(r' d="M([-\d.]+,[-\d.]+(?:L[-\d.]+,[-\d.]+)+Z?)"')
_RGB = re.compile(r"rgb\((\d+), (\d+), (\d+)\)")
_COUNTED = re.compile(r'(?<=["#])(clip|gradient_)\d+(?=[")])')
_INHERITED = ("font-family", "font-size")


def slim(svg: str) -> str:
    """Return a drawing of Vega's without what nobody sees.

    Vega goes on counting clips and gradients from one drawing to the next; here they
    count from 0, so that a chart is the same file whatever was drawn before it.
    Places are kept to a hundredth of a pixel, those of points on a line to a tenth.
    What stands between tags, such as names of data sets, is left as it is.
    """
    svg = _NO_TEXT.sub("", svg)
    common = {name: value for name in _INHERITED if (value := _common(svg, name))}
    numbers: dict[str, str] = {}
    said_once = "".join(f' {name}="{value}"' for name, value in common.items())

    def numbered(found: re.Match[str]) -> str:
        return found[1] + numbers.setdefault(found[0], str(len(numbers)))

    def slimmed(found: re.Match[str]) -> str:
        tag = found[0]
        if tag.startswith("</"):
            return tag
        if tag.startswith("<svg "):
            return f"{tag[:-1]}{said_once}>"
        if tag.startswith("<text "):
            for name, value in common.items():
                tag = tag.replace(f' {name}="{value}"', "", 1)
        if _is_unseen(tag):
            return ""
        tag = _LONG.sub(r"\1", _LINE.sub(_to_a_tenth, _DISC.sub(_disc, tag)))
        return _COUNTED.sub(numbered, _RGB.sub(_hex, _IDLE.sub("", tag)))

    return _RULES.sub(_joined, _TAG.sub(slimmed, svg))


_RULE = re.compile(
    r'<line transform="translate\(([^,"]+),([^)"]+)\)"'
    r'(?: x2="([^"]+)")?(?: y2="([^"]+)")?([^<>]*)/>'
)
_RULES = re.compile(r"(?:<line [^<>]*/>){2,}")


def _joined(found: re.Match[str]) -> str:
    """Return lines that follow each other and look alike as one path of many.

    Where they are translucent they stay apart: the parts of one path do not add up.
    """
    lines = _RULE.findall(found[0])
    if len(lines) < found[0].count("<line "):
        return found[0]
    parts: list[tuple[str, str]] = []
    for x, y, across, down, look in lines:
        step = f"M{x},{y}l{across or 0},{down or 0}"
        if parts and parts[-1][0] == look and "opacity" not in look:
            parts[-1] = (look, parts[-1][1] + step)
        else:
            parts.append((look, step))
    return "".join(f'<path d="{path}"{look}/>' for look, path in parts)


_DISC = re.compile(
    r'<path transform="translate\(([^,"]+),([^)"]+)\)" d="M([\d.]+),0'
    r'A\3,\3,0,1,1,-\3,0A\3,\3,0,1,1,\3,0"'
)


def _disc(found: re.Match[str]) -> str:
    return '<circle cx="{}" cy="{}" r="{}"'.format(*found.groups())


def _to_a_tenth(line: re.Match[str]) -> str:
    """Return a line by its steps, which are shorter than places, in tenths."""
    head, *rest = line[1].split("L")
    closed = rest[-1].endswith("Z")
    rest[-1] = rest[-1].removesuffix("Z")
    places = [
        tuple(round(10 * float(part)) for part in place.split(","))
        for place in (head, *rest)
    ]
    steps = [
        f"{_tenths(x - u)},{_tenths(y - v)}" for (u, v), (x, y) in pairwise(places)
    ]
    start = ",".join(_tenths(part) for part in places[0])
    return f' d="M{start}l{" ".join(steps)}{"Z" if closed else ""}"'


def _tenths(number: int) -> str:
    whole, part = divmod(abs(number), 10)
    text = f"{whole or ''}.{part}" if part else f"{whole}"
    return f"-{text}" if number < 0 else text


def _common(svg: str, name: str) -> str:
    """Return the commonest value of an attribute of texts; "" if some are without."""
    texts = [tag for tag in _TAG.findall(svg) if tag.startswith("<text ")]
    given = [re.search(rf' {name}="([^"]*)"', tag) for tag in texts]
    values = Counter(found[1] for found in given if found)
    whole = bool(texts) and all(given)
    return values.most_common(1)[0][0] if whole else ""


def _is_unseen(tag: str) -> bool:
    """Return whether a tag is a path without paint, or one that is not displayed."""
    if not tag.startswith("<path ") or not tag.endswith("/>"):
        return False
    bare = 'class="background"' in tag and not re.search(
        r" (?:fill|stroke|style)=", tag
    )
    return bare or 'display="none"' in tag


def _hex(found: re.Match[str]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in found.groups())
