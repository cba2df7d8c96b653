"""The sync with the hub: pull, admit, compare, push."""
