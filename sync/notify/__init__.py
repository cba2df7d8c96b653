"""Ways out of the house for notices: a command of this machine, or a webhook. Source: design §6."""
