"""20 Newsgroups: posts to Usenet of 1993, as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, members
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_options import TextOptions
from nmflab_datasets._text_posts import without_footer, without_header, without_quotes
from nmflab_datasets._vectorise import counted
from nmflab_datasets.choices import settle

NMFLAB_CONTRACT = 1

CITATION = """\
@inproceedings{lang1995newsweeder,
  author = {Lang, Ken},
  title = {NewsWeeder: Learning to Filter Netnews},
  booktitle = {Proceedings of the Twelfth International Conference on Machine Learning},
  pages = {331--339},
  year = {1995}
}"""


class Version(Enum):
    """100 posts of each group, or all without duplicates."""

    mini = "mini"
    full = "full"


class Subset(Enum):
    """All posts, or the earlier or the later ones."""

    all = "all"
    train = "train"
    test = "test"


ORIGINS = {
    Version.mini: Origin(
        page="https://archive.ics.uci.edu/dataset/113",
        files=(
            DataFile(
                name="mini_newsgroups.tar.gz",
                mirror="20news-mini/mini_newsgroups.tar.gz",
                size=1_807_651,
                url="https://kdd.ics.uci.edu/databases/20newsgroups/"
                "mini_newsgroups.tar.gz",
                contents="e4285a69994c5e654a113a9e558653bc"
                "1809d5fbc28945bdbe6e1d96eddc7ef6",
            ),
        ),
        licence="CC BY 4.0, as the UCI repository lists Twenty Newsgroups.",
        redistributable=True,
        citation=CITATION,
    ),
    Version.full: Origin(
        page="http://qwone.com/~jason/20Newsgroups/",
        files=(
            DataFile(
                name="20news-bydate.tar.gz",
                mirror="20news-bydate/20news-bydate.tar.gz",
                size=14_464_277,
                url="https://ndownloader.figshare.com/files/5975967",
                sha256="8f1b2514ca22a5ade8fbb9cfa5727df9"
                "5fa587f4c87b786e15c759fa66d95610",
            ),
        ),
        licence=(
            "None stated with this version. The UCI repository lists Twenty Newsgroups"
            " under CC BY 4.0."
        ),
        redistributable=False,
        citation=CITATION,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Newsgroups(TextOptions):
    """Posts to 20 newsgroups, 1993: 2000, or all 18,846; raw text, one class a group.

    Row labels are the groups, row names group and number: ``sci.space/59848``.

    Parameters
    ----------
    version : {mini, full}, default mini
        ``mini``: 100 posts of each group. ``full``: the 18,846 posts sorted by date,
        without those sent to several groups, which is the version that figures are
        published for.
    subset : {all, train, test}, default all
        Of ``full``: the earlier 11,314 posts, or the later 7532.
    remove_headers : bool, default True
        Take off what stands above the first blank line. Addresses and organisations
        there name the group, so that classes seem easier than they are.
    remove_footers : bool, default True
        Take off what follows the last blank line or line of hyphens, as signatures do;
        it may be the last paragraph.
    remove_quotes : bool, default True
        Take off lines that quote other posts, and those that announce them.

    Notes
    -----
    What is removed follows scikit-learn's ``fetch_20newsgroups(remove=...)``, in its
    order: headers, footers, quotes. Some posts hold nothing else, and are left out
    with `drop_empty`; some are encoded binaries. Posts are Latin-1.

    References
    ----------
    K. Lang, "NewsWeeder: Learning to Filter Netnews", ICML 1995.
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011 (the
    rules of removal).
    """

    version: Version = Version.mini
    subset: Subset = Subset.all
    remove_headers: bool = True
    remove_footers: bool = True
    remove_quotes: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, "version", Version)
        settle(self, "subset", Subset)
        if self.version is Version.mini and self.subset is not Subset.all:
            raise ValueError(
                f"dataset.subset={self.subset.value}: the 2000 posts of"
                " dataset.version=mini are not split by date; give version=full with it"
            )

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the posts and count their words; sparse."""
        origin = ORIGINS[self.version]
        posts = sorted(
            (path.parent.name, path.name, content.decode("latin-1"))
            for path, content in (
                (PurePosixPath(name), content)
                for name, content in members(fetch(origin.files[0], origin))
            )
            if self._is_in(path)
        )
        return counted(
            [self._own_words(post) for _, _, post in posts],
            self,
            row_names=[f"{group}/{number}" for group, number, _ in posts],
            row_labels=np.array([group for group, _, _ in posts]),
        )

    def _is_in(self, path: PurePosixPath) -> bool:
        """Return whether a member is a post: ``<set>/<group>/<number>``."""
        if len(path.parts) < 3 or not path.name.isdigit():
            return False
        is_wanted = path.parts[-3].endswith(f"-{self.subset.value}")
        return self.subset is Subset.all or is_wanted

    def _own_words(self, post: str) -> str:
        if self.remove_headers:
            post = without_header(post)
        if self.remove_footers:
            post = without_footer(post)
        return without_quotes(post) if self.remove_quotes else post


def origin(newsgroups: Newsgroups) -> Origin:
    """Return where the posts of a version come from."""
    return ORIGINS[newsgroups.version]


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the posts."""
    yield DatasetSpec(name="newsgroups", dataset=Newsgroups, origin=origin)
