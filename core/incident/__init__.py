"""Containment when something goes wrong. Source: design §12."""
