"""The report of a study, written from its store and nothing else."""

from nmflab.report.writing import build

__all__ = ["build"]
