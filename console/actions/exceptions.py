"""What can be done on the screen Exceptions."""

from console.actions.action import Action, list_moves

EXCEPTIONS: tuple[Action, ...] = (*list_moves("exceptions"),)
