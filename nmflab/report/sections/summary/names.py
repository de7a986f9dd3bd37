"""What the strongest components are called, with the evidence for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nmflab.numerics.naming import ComponentName
from nmflab.report.content import Sentence
from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group
from nmflab.report.reading.observed import column_names
from nmflab.report.sections.factors.components import is_drawable
from nmflab.report.sections.factors.features import component_strength, percent
from nmflab.report.sections.factors.named import named
from nmflab.report.sections.summary.findings import Findings

if TYPE_CHECKING:
    from nmflab.contracts import Factors
    from nmflab.store import StoredDataset

MOST_DATASETS = 2
N_NAMED = 3
"""Components named."""

N_TOP = 3
"""Features that stand for a component without a label."""


def name_sentences(found: Findings) -> list[Sentence]:
    """Return what the strongest components are called, data set by data set."""
    said: list[str] = []
    seen: set[str] = set()
    for group in found.leading:
        fingerprint = str(group.labels["fingerprint"])
        dataset = found.material.datasets.get(fingerprint)
        if fingerprint in seen or dataset is None or len(said) == MOST_DATASETS:
            continue
        seen.add(fingerprint)
        factors = found.material.factors(group.best_key)
        if factors is not None and _can_be_told(dataset):
            said.append(_called(group, dataset, factors, _which(found, group)))
    if not said and seen:
        said = [
            "The features of the data have no names, so that components can be told by"
            " their numbers only."
        ]
    return [Sentence(text, "factors") for text in said]


def _can_be_told(dataset: StoredDataset) -> bool:
    return dataset.column_names is not None or is_drawable(dataset)


def _which(found: Findings, group: Group) -> str:
    """Return the loss and the fold of a setting, where others have another."""
    told = [
        str(group.labels[name])
        for name in ("objective", "split")
        if len({one.labels[name] for one in found.groups}) > 1
    ]
    told = [label for label in told if label not in ("", "none")]
    return f" ({', '.join(told)})" if told else ""


def _called(
    group: Group, dataset: StoredDataset, factors: Factors, which: str = ""
) -> str:
    n = factors.n_components
    whose = f"{group.name} on {group.dataset}{which}"
    if is_drawable(dataset):
        all_of = "The one component" if n == 1 else f"The {n} components"
        return f"{all_of} of {whose} can be looked at: they are drawn as pictures."
    names = named(dataset, factors)
    strength = component_strength(factors)
    features = column_names(dataset)
    order = np.argsort(-strength, kind="stable")[:N_NAMED]
    each = [
        f"component {k + 1} ({percent(strength[k])} of the whole) is"
        f" {_name(names[k], features)}"
        for k in order
    ]
    labelled = [name for name in names if name.label is not None]
    evidence = ""
    if labelled:
        sure = sum(name.enriched is not None for name in names)
        evidence = (
            f" {sure} of {count(n, 'component')} bear a label more often than their"
            " popularity explains."
        )
    first = "Of" if n <= N_NAMED else f"Of the {n} components of"
    return f"{first} {whose}, {'; '.join(each)}.{evidence}"


def _name(name: ComponentName, features: Sequence[str]) -> str:
    """Return the label a component is called by; else what weighs most in it."""
    if name.enriched is not None:
        return name.enriched.short_text
    first = [features[j] for j in name.top[:N_TOP]]
    if not first:
        return "without weight"
    if any(", " in feature for feature in first):
        first = [f"“{feature}”" for feature in first]
    return f"led by {', '.join(first)}"
