"""What a newsgroup's post holds beside its author's own words, and taking it off."""

from __future__ import annotations

import re

QUOTING = re.compile(
    r"^(?:[>|]|In article|Quoted from)|writes in|writes:|wrote:|says:|said:"
)
"""In a line that quotes another post, or says whom the next lines quote."""


def without_header(post: str) -> str:
    """Return what follows the first blank line; nothing where there is none."""
    end = post.find("\n\n")
    return "" if end < 0 else post[end + 2 :]


def without_quotes(post: str) -> str:
    """Return the lines that neither quote nor announce a quotation."""
    kept = [line for line in post.split("\n") if QUOTING.search(line) is None]
    return "\n".join(kept)


def without_footer(post: str) -> str:
    """Return what stands above the last line that is blank or only hyphens.

    A signature is set apart by such a line. The last paragraph of a post without one
    goes too: the rule is a rough one. A post with no such line, or with none but its
    first, stays as it is.
    """
    lines = post.strip().split("\n")
    for at in range(len(lines) - 1, 0, -1):
        if not lines[at].strip().strip("-"):
            return "\n".join(lines[:at])
    return post
