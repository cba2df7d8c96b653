"""The workspace's store: one SQLite file, encrypted wherever real patients are.

Importing this package loads no ORM: `tables` declares the schema for migrations and tests, while
appends and screen pages are SQL on the connection (design §3, measured).
"""

STORE = "store.db"
"""The file of a workspace folder."""
