"""Measuring which rungs of the write ladder are safe on one EHR, on scratch resources."""

from core.probe.measured import RUNGS, Measured, measured, proven, refused

__all__ = ["RUNGS", "Measured", "measured", "proven", "refused"]
