"""From an agent's bytes to an admitted change: harden, validate, compute, ground, judge, stage.

Source: design §5, hub-protocol §8.
"""
