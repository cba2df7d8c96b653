"""What can be done with what a person must look at."""

from console.actions.action import Action, list_moves

EXCEPTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), "Open", "Look at the change; decides nothing.", "exceptions",
           "Look", "show ID", shown_in_footer=True),
    Action("accept", ("upper_a",), "Accept",
           "Ask to close it: the chart may stay as it is; needs a reason.", "exceptions",
           "Correct", "exceptions --accept ID --change N --reason WORDS", dangerous=True,
           shown_in_footer=True),
    Action("close_finding", ("upper_d",), "Dismiss",
           "Ask to take a finding about a Task off the list.", "exceptions", "Correct",
           "exceptions --dismiss NUMBER", dangerous=True, shown_in_footer=True),
    Action("next_kind", ("f",), "Kind", "Show one kind only, or all.", "exceptions", "Look",
           "exceptions --kind KIND", shown_in_footer=True),
    Action("reload", ("ctrl+r",), "Reload", "Read the list again.", "exceptions", "Look",
           "exceptions"),
    Action("back", ("escape",), "Back", "Show every kind, or go back to the queue.",
           "exceptions", "Look"),
    *list_moves("exceptions"),
)  # fmt: skip
