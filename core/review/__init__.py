"""What a reviewer does with a change: signed decisions, and whether they still hold.

Source: design §8, hub-protocol §2.
"""
