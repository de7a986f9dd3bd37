"""The summary: sentences in the order of a reader's questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nmflab.report.content import Section, Sentence
from nmflab.report.sections.summary.again import again_sentences
from nmflab.report.sections.summary.complete import completeness, filled, limited
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.held_out import held_out_sentences
from nmflab.report.sections.summary.meaning import meaning_sentences
from nmflab.report.sections.summary.size import size_sentences
from nmflab.report.sections.summary.sure import sure_sentences, tested_sentences
from nmflab.report.sections.summary.use import use_sentences


def headline(found: Findings, sections: Sequence[Section] = ()) -> list[Sentence]:
    """Return the summary, each sentence under the question that it answers.

    Parameters
    ----------
    found : Findings
    sections : sequence of Section
        Those of the report: what one of them leads with may be quoted.
    """
    topics: tuple[tuple[str, Sequence[Sentence]], ...] = (
        (
            "What to use",
            [
                *use_sentences(found),
                *size_sentences(found),
                *held_out_sentences(found.families),
            ],
        ),
        (
            "How sure that is",
            [
                *tested_sentences(sections),
                completeness(found.planned),
                *limited(found.material),
                *sure_sentences(found),
                *filled(found.material),
            ],
        ),
        ("What the features mean", meaning_sentences(found)),
        ("How to get the same numbers", again_sentences(found.planned)),
    )
    return [
        replace(sentence, topic=topic)
        for topic, sentences in topics
        for sentence in sentences
    ]
