"""What can be done while editing a change."""

from console.actions.action import Action

EDIT: tuple[Action, ...] = ()
