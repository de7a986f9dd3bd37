"""Reuters-21578: newswire stories of 1987 with topics, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Extra, Origin
from nmflab.fetching import fetch, members
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_options import TextOptions
from nmflab_datasets._text_sgml import Story, stories_of
from nmflab_datasets._vectorise import counted
from nmflab_datasets.choices import settle

NMFLAB_CONTRACT = 1

SUMS = (
    "0ec53cda8f6d605a3ba710df14be7f00fc02f0c222a14748101df22326afe0f6",
    "1528e7e82d110d88d0234eb9619eadb7f9fd805711971df05975b92277dfdf4d",
    "99f18068d0518952987dedd78c622e5c2a584e357d264d3754696c815f3e6628",
    "78a3a8d7e04bc9d42c4614d5d5c60a4293dbe3f708df6fb5a71d9ef31f4b3fa3",
    "726342c19a65873330b412378cd6a3f0d512035f5223146ddd60930c62eb6ff0",
    "d09de619b6dd2d047d5124681f6df90550abaf592020d1c1ce338ae9b91522e7",
    "b5535c0d66b01f4976f84621a4a795afbc00d2c4bd0a1b7ae426df6630fb361d",
    "aa706007ec84a03537a3921ca976d60e11b3f99e4b9e9b2d5c81dd384d2c2062",
    "a3994583694a00b7c744097c1d7eabfcf90f2e6650cc21663e46828035a336cb",
    "29995f606dd1a9bdf907eacc9d879846c716860d9d9141676979474aaea39c7d",
    "996df6008089bd09fa5b28a4d2eb0ee5f7b9d4601cde566fed3926ac82960fa3",
    "d3a2782015247d9c2bffb8926267827fdd449c70d619435ef01a25a1c56a53ca",
    "da31035d483851f2aebce5b66d779e5e2c0ac9dcfe098596c6d544e81c5604ab",
    "8f7700bc0455fac3fcc12377ced4807b7df8aba1f21ecad059b9cc2b1cf0b8be",
    "ef936bd3e0f36cf722afa9a6957563549775af32e9e28b4f539c8737ceda83ab",
    "6d3bcec73eff871b8a5403588af814c4e50a0de6bc25707480522ab836f74026",
    "be2f03a185fff70131f3b4fdbd6229b7ee2be077eba9691eaa597c8cfbda8812",
    "f370e610b4b1342e41a98e0c426a08541044bd1d7e539674f32372a6060b73b5",
    "a5f971bf25448e915781962309e669359a35fbcaf3017a806eca0590897f209a",
    "d3b07097fba2633d130b4914aceba671645985248943ce9e39c289315339dffb",
    "f6ad1b724125c202566c63b35ea0b5ee23881f8b7ed47a32829d5af05d8e860d",
    "3f5196d32869723c9042aa5756805b4e90360f1f45ea17f4594fa0e2b3630b18",
)

ORIGIN = Origin(
    page="https://archive.ics.uci.edu/dataset/137",
    files=(
        DataFile(
            name="reuters21578.tar.gz",
            mirror="reuters21578/reuters21578.tar.gz",
            size=8_042_327,
            url="https://kdd.ics.uci.edu/databases/reuters21578/reuters21578.tar.gz",
            members={f"reut2-{i:03d}.sgm": each for i, each in enumerate(SUMS)},
        ),
    ),
    licence=(
        "The copyright for the text of newswire articles and Reuters annotations in the"
        " Reuters-21578 collection resides with Reuters Ltd. Reuters Ltd. and Carnegie"
        " Group, Inc. have agreed to allow the free distribution of this data for"
        " research purposes only."
    ),
    redistributable=True,
    citation="""\
@misc{lewis1997reuters,
  author = {Lewis, David D.},
  title = {Reuters-21578, Distribution 1.0},
  year = {1997},
  howpublished = {UCI Machine Learning Repository},
  doi = {10.24432/C52G6M}
}""",
)


class Subset(Enum):
    """Which of the stories."""

    all = "all"
    modapte_train = "modapte_train"
    modapte_test = "modapte_test"
    single_topic = "single_topic"


_IS_IN: Mapping[Subset, Callable[[Story], bool]] = {
    Subset.all: lambda story: True,
    Subset.modapte_train: lambda story: (
        story.split == "TRAIN" and story.has_topics == "YES"
    ),
    Subset.modapte_test: lambda story: (
        story.split == "TEST" and story.has_topics == "YES"
    ),
    Subset.single_topic: lambda story: len(story.topics) == 1,
}


@dataclass(frozen=True, kw_only=True)
class Reuters(TextOptions):
    """21,578 stories of Reuters' newswire, 1987, with 120 topics in use; raw text.

    A story has any number of topics: the extra ``row_metadata`` joins them by '|'. Row
    names are the collection's numbers (``NEWID``).

    Parameters
    ----------
    subset : {all, modapte_train, modapte_test, single_topic}, default all
        ``modapte_train`` (9603 stories) and ``modapte_test`` (3299) are the "Modified
        Apte" split of the collection; ``single_topic`` takes the 9494 stories with
        exactly one topic, which is the row's label then.

    Notes
    -----
    Counted are title and body, not dateline and author. Stories without a body hold
    filler in its place, and only their title is counted; of others the parts are not
    marked, and all is counted. How many, ``preparation`` says. The files are read as
    Latin-1: one of them is not valid UTF-8.

    References
    ----------
    D. D. Lewis, "Reuters-21578 Text Categorization Test Collection, Distribution 1.0",
    1997 (its README defines the split).
    """

    subset: Subset = Subset.all

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, "subset", Subset)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the stories and count their words; sparse."""
        stories = [
            story
            for story in _stories(fetch(ORIGIN.files[0], ORIGIN))
            if _IS_IN[self.subset](story)
        ]
        extras: dict[str, Extra] = {
            "row_metadata": ["|".join(story.topics) for story in stories]
        }
        if said := _preparation(stories):
            extras["preparation"] = said
        has_one = self.subset is Subset.single_topic
        return counted(
            [story.text for story in stories],
            self,
            row_names=[story.number for story in stories],
            row_labels=np.array([s.topics[0] for s in stories]) if has_one else None,
            extras=extras,
        )


def _stories(path: Path) -> list[Story]:
    """Return all stories, in the order of the collection whatever the archive's."""
    contents = {
        Path(name).name: content
        for name, content in members(path)
        if name.endswith(".sgm")
    }
    return [
        story
        for _, content in sorted(contents.items())
        for story in stories_of(content.decode("latin-1"))
    ]


def _preparation(stories: Sequence[Story]) -> str:
    n_brief = sum(story.kind == "BRIEF" for story in stories)
    n_unmarked = sum(story.kind == "UNPROC" for story in stories)
    said = []
    if n_brief:
        said.append(
            f"stories without a body, of which the title is counted: {n_brief:,}"
        )
    if n_unmarked:
        said.append(f"stories without marked parts, counted in full: {n_unmarked:,}")
    return "; ".join(said)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the stories."""
    yield DatasetSpec(name="reuters21578", dataset=Reuters, origin=ORIGIN)
