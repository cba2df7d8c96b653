"""What can be done while editing a change."""

from console.actions.action import Action

EDIT: tuple[Action, ...] = (
    Action("save", ("ctrl+s",), "Save", "Ask to record the edit; it is decided anew.", "edit",
           "Decide", "edit ID --hash H --file FILE", dangerous=True, shown_in_footer=True),
    Action("revert", ("ctrl+r",), "Take back", "Put the agent's value back into this field.",
           "edit", "Look", "show ID", shown_in_footer=True),
    Action("back", ("escape",), "Back", "Leave without saving; asks once where something is typed.",
           "edit", "Look", shown_in_footer=True),
)  # fmt: skip
