"""The kernels, compiled by numba at their first call; see `nmflab.kernels`.

numba's cache knows a function by its own file alone: a kernel that calls another from a
changed file would be taken from the cache as it was. The cache's folder is therefore
named after the contents of all files here, and it is the user's, so that installations
nobody may write to are cached too.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from numba.core import config

from nmflab.caches import cache_dir


def _cache_folder() -> Path:
    """Return the folder for what is compiled from the kernels as they are now."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(given) if given else cache_dir() / "kernels"
    return root / digest.hexdigest()


config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]
