"""Slots, pace, quotas and breakers of the EHRs, on the event loop: what `core.traffic` decides.

Source: design §9 (traffic), ADR 0022.
"""

from sync.traffic.gate import Gate, Senses
from sync.traffic.lanes import Lanes
from sync.traffic.limited import Limited
from sync.traffic.meter import Metered

__all__ = ["Gate", "Lanes", "Limited", "Metered", "Senses"]
