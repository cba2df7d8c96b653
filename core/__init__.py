"""The rules of Countersign, pure: no screen, wire, disk, keyring, clock or randomness.

Everything a rule needs from outside comes through the Protocols in `core.ports`.
"""
