"""What is said when a published file cannot be had."""

from __future__ import annotations


class FetchError(OSError):
    """A published file is not at hand, or not the right one; says how to mend it."""
