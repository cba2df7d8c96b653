"""A workspace: a folder with configuration, policy, roster, key file and store.

Source: design §2, §11, §13.
"""
