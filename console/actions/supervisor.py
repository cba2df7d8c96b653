"""What can be done on the screen Supervisor."""

from console.actions.action import Action, list_moves

SUPERVISOR: tuple[Action, ...] = (*list_moves("supervisor"),)
