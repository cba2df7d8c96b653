"""What can be done on the screen Incidents."""

from console.actions.action import Action, list_moves

INCIDENTS: tuple[Action, ...] = (*list_moves("incidents"),)
