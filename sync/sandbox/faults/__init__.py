"""Faults that the sandbox commits on purpose: what, how often, when; seeded, over real sockets.

A plan says it (`plan`, read by `text` from a line or by `file` from TOML), a chooser picks the
fault of each request (`chooser`), and an ASGI application carries it out (`faulty`). Nothing is
imported here: only who asks for faults loads them.
"""
