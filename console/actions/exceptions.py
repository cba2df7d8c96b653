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
    Action("replay", ("upper_r",), "Replay",
           "Ask to have a dead letter sent again, as the same operation, after the chart was read.",
           "exceptions", "Correct", "dead-letters replay ID --change N", dangerous=True),
    Action("send_to_review", ("upper_b",), "Back to review",
           "Ask to send a dead letter or a refused write back to review; needs a reason.",
           "exceptions", "Correct", "dead-letters review ID --change N --reason-file FILE|-",
           dangerous=True),
    Action("close_letter", ("upper_c",), "Close",
           "Ask to close a dead letter, which is then never written; needs a reason.",
           "exceptions", "Correct", "dead-letters close ID --change N --reason-file FILE|-",
           dangerous=True),
    Action("next_kind", ("f",), "Kind", "Show one kind only, or all.", "exceptions", "Look",
           "exceptions --kind KIND", shown_in_footer=True),
    Action("reload", ("ctrl+r",), "Reload", "Read the list again.", "exceptions", "Look",
           "exceptions"),
    Action("back", ("escape",), "Back", "Show every kind, or go back to the queue.",
           "exceptions", "Look"),
    *list_moves("exceptions"),
)  # fmt: skip
