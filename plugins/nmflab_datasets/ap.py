"""Associated Press: 2246 articles, as counts or as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_options import TextOptions, arranged, changed_options
from nmflab_datasets._vectorise import counted
from nmflab_datasets.views import csr_from_triplets

NMFLAB_CONTRACT = 1

ORIGIN = Origin(
    page="https://github.com/blei-lab/lda-c",
    files=(
        DataFile(
            name="ap.tgz",
            mirror="ap/ap.tgz",
            size=2_926_281,
            url="https://github.com/blei-lab/lda-c/raw/master/example/ap.tgz",
            sha256="92cbe192631874708540db11969211363cf2f5c0a56b2897e0229925e5d4f2a3",
            members={
                "ap.dat": "c9b946b6cdb2c6e876198ae227afb573"
                "df023db84fb53a9d2b31c0d59224fea1",
                "ap.txt": "5a44ed0ae1ad3e56985122404afa9377"
                "a1bd83676c3bbe82dc3a40f7799a5f23",
                "vocab.txt": "fbf0d0f836cb2b0360bd3cae0f71c2f3"
                "4b140b1dd8dd0d0bdb618a64704337f6",
            },
        ),
    ),
    licence=(
        "The texts are copyright of the Associated Press, and come from the TREC-1"
        " collection. No terms are stated with the file: research use, with citation."
    ),
    redistributable=False,
    citation="""\
@article{blei2003latent,
  author = {Blei, David M. and Ng, Andrew Y. and Jordan, Michael I.},
  title = {Latent {D}irichlet Allocation},
  journal = {Journal of Machine Learning Research},
  volume = {3},
  pages = {993--1022},
  year = {2003}
}""",
)

_ARTICLE = re.compile(
    r"<DOC>\s*<DOCNO>\s*(\S+)\s*</DOCNO>\s*<TEXT>(.*?)</TEXT>\s*</DOC>", re.DOTALL
)
_MARKS = re.compile(r"[^a-z\s]")


@dataclass(frozen=True, kw_only=True)
class Ap(TextOptions):
    """2246 articles of the Associated Press, 1988-1990: 10,473 words, no classes.

    The counts are those published with Latent Dirichlet Allocation's code: lower case,
    without stop words and rare words.

    Parameters
    ----------
    from_text : bool, default False
        Count the words of the raw articles; the options for raw text that follow are
        refused otherwise, since the counts are published as they are.

    Notes
    -----
    The published counts come of the articles by deleting all but letters and blanks,
    so that "16-year-old" is "yearold"; the extra ``tokens`` is made by that rule and
    holds the words of the vocabulary, in order: the words of an article, counted, are
    exactly its row. With `from_text`, a few entities such as ``&lsqb;`` are resolved.

    References
    ----------
    D. M. Blei, A. Y. Ng, M. I. Jordan, "Latent Dirichlet Allocation", JMLR 3, 2003.
    """

    from_text: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        changed = [] if self.from_text else changed_options(self)
        if changed:
            raise ValueError(
                f"dataset.{changed[0]} is for raw text, and the published counts are"
                " asked for; give dataset.from_text=true with it"
            )

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the counts, or count the words of the articles; sparse."""
        path = fetch(ORIGIN.files[0], ORIGIN)
        articles = _ARTICLE.findall(member(path, "ap.txt").decode())
        names, texts = [name for name, _ in articles], [text for _, text in articles]
        if self.from_text:
            from html import unescape

            return counted([unescape(text) for text in texts], self, row_names=names)
        return arranged(_published(path, names, texts), self)


def _published(path: Path, names: Sequence[str], texts: Sequence[str]) -> Dataset:
    """Return the published counts: lines ``n term:count term:count ...``."""
    lines = member(path, "ap.dat").decode().splitlines()
    terms = member(path, "vocab.txt").decode().split()
    cells = [np.array(line.replace(":", " ").split()[1:], dtype=int) for line in lines]
    flat = np.concatenate(cells)
    documents = np.repeat(np.arange(len(cells)), [cell.size // 2 for cell in cells])
    shape = (len(lines), len(terms))
    X, _ = csr_from_triplets(documents, flat[::2], flat[1::2], shape)
    vocabulary = set(terms)
    tokens = [
        " ".join(
            word for word in _MARKS.sub("", text.lower()).split() if word in vocabulary
        )
        for text in texts
    ]
    return Dataset(X=X, row_names=names, column_names=terms, extras={"tokens": tokens})


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the articles."""
    yield DatasetSpec(name="ap", dataset=Ap, origin=ORIGIN)
