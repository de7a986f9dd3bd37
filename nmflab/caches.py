"""Where nmflab keeps what can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the user's cache folder for nmflab; ``NMFLAB_CACHE`` names another."""
    named = os.environ.get("NMFLAB_CACHE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("nmflab", appauthor=False))
