"""Telling people outside the console. Source: design §6, §8, §12."""
