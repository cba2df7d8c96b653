"""The queue: in which order changes wait, who they wait for, and which of them to show."""

from core.queue.filter import Filter, Term, parse_filter
from core.queue.page import Page, Spot, View

__all__ = ["Filter", "Page", "Spot", "Term", "View", "parse_filter"]
