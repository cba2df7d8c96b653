"""What an EHR's answer to a write means: one table of failure classes, each with one action.

Pure data and functions; `core.gateway` carries the actions out. Source: design §9.
"""
