"""The append-only log of events: leaves, tree, checkpoints and what the read tables become.

Source: design §4, hub-protocol §9, RFC 9162.
"""
