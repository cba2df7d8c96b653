"""Proving the ledger: that it is whole, unaltered, signed, and adds up to what screens show.

Source: design §4, §14.8; hub-protocol §9.
"""
