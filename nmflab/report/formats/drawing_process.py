"""A process that draws charts: JSON lines in, JSON lines out, until its input ends.

Run by its path, so that it imports no more than what draws; see `drawer`.
"""

import importlib.util
import json
import sys
from pathlib import Path


def main() -> None:
    """Draw each specification that comes; answer with its slim SVG, or with null."""
    import vl_convert

    beside = Path(__file__).with_name("slimming.py")
    spec = importlib.util.spec_from_file_location("slimming", beside)
    assert spec is not None
    assert spec.loader is not None
    slimming = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(slimming)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            svg = vl_convert.vegalite_to_svg(asked["spec"], vl_version=asked["version"])
        except ValueError:  # told by the process that asks, which draws it itself
            answer = None
        else:
            answer = slimming.slim(svg)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
