"""What leaves this machine: reports over several studies, and archives of one."""

from nmflab.sharing.exporting import Exported, export
from nmflab.sharing.merging import merged_report

__all__ = ["Exported", "export", "merged_report"]
