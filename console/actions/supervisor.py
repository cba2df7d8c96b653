"""What a supervisor can do about changes that nobody decides."""

from console.actions.action import Action, list_moves

SUPERVISOR: tuple[Action, ...] = (
    Action("open", ("enter",), "Open", "Look at the change, or at one group only.",
           "supervisor", "Look", "show ID", shown_in_footer=True),
    Action("pick", ("space",), "Pick", "Pick this change, or let go of it.", "supervisor", "Look",
           "reassign ID --change N", shown_in_footer=True),
    Action("reassign", ("r",), "Reassign",
           "Ask who gets the picked changes, until when, and why.", "supervisor", "Decide",
           "reassign ID --to PERSON --expires 4h --reason WORDS", dangerous=True,
           shown_in_footer=True),
    Action("next_group", ("g",), "Group", "Group the load by route, role or person.",
           "supervisor", "Look", "reassign --by role", shown_in_footer=True),
    Action("reload", ("ctrl+r",), "Reload", "Read everything again.", "supervisor", "Look",
           "reassign"),
    Action("back", ("escape",), "Back",
           "Let go of what is picked, show every group, or go back to the queue.", "supervisor",
           "Look"),
    *(one for one in list_moves("supervisor") if one.id != "first"),
    Action("first", ("home",), "First", "Move the cursor to the first row.", "supervisor", "Move"),
)  # fmt: skip
