"""Personalities: the sandbox plays one EHR product, by its profile, or a server that is hostile.

What a product does stands in its profile (`sync/profiles`), each fact with its source; only
behaviour that is more than data has a module here. What a profile does not know is played in the
way that is harder for a client, so that nothing rests on a guess. Source: design §2, §10.
"""

from sync.sandbox.personality.choose import NAMES, play

__all__ = ["NAMES", "play"]
