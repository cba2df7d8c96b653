"""The command line: one small module a command, loaded only when it is called.

Source: design §13. stdout is data, stderr is narration, exit codes are documented API.
"""
