"""Figures and tables for papers: print sizes, embedded fonts, LaTeX."""

from nmflab.report.papers.asked import Asked, FiguresError, asked
from nmflab.report.papers.writing import Written, summary
from nmflab.report.papers.writing import figures as write_figures

__all__ = ["Asked", "FiguresError", "Written", "asked", "summary", "write_figures"]
