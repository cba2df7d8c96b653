"""The private keys of a workspace: made, sealed with one workspace key, and used to sign.

Source: design §11. The workspace key itself lies in a file that a passphrase opens.
"""

KEYS = "keys.json"
"""The key file of a workspace folder."""
