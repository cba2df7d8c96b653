"""What can be done in the queue."""

from console.actions.action import Action, list_moves

QUEUE: tuple[Action, ...] = (
    Action("open", ("enter",), "Open", "Look at the change under the cursor; decides nothing.",
           "queue", "Look", "show ID", shown_in_footer=True),
    Action("filter", ("slash",), "Filter", "Show only what matches; esc takes it off again.",
           "queue", "Look", "queue --filter WORDS", shown_in_footer=True),
    Action("toggle_open", ("o",), "All open", "Show every open state, or only what waits for you.",
           "queue", "Look", "queue --all", shown_in_footer=True),
    Action("mark", ("m",), "Mark", "Mark the change under the cursor, or let go of it.",
           "queue", "Look", "queue --json"),
    Action("approve_marked", ("a",), "Approve marked",
           "Ask to approve what is marked: one low-risk rule, each opened before.",
           "queue", "Decide", "approve --ids-file FILE", dangerous=True),
    Action("reject_marked", ("r",), "Reject marked", "Ask to reject what is marked.",
           "queue", "Decide", "reject --ids-file FILE --reason CODE", dangerous=True),
    Action("defer_marked", ("d",), "Defer marked", "Ask to put off what is marked.",
           "queue", "Decide", "defer --ids-file FILE --until TIME", dangerous=True),
    Action("next_view", ("v",), "View", "Show what waits for you, for your roles, or for anybody.",
           "queue", "Look", "queue --view NAME", shown_in_footer=True),
    Action("save_view", ("w",), "Keep view", "Keep the filter under a name.", "queue", "Look",
           "queue --view NAME --filter WORDS --keep"),
    Action("newer", ("full_stop",), "Newer", "Take up what came since the list was read.",
           "queue", "Look", "queue"),
    Action("reload", ("ctrl+r",), "Reload", "Read the queue again.", "queue", "Look", "queue"),
    Action("clear", ("escape",), "Back", "Take the filter off.", "queue", "Look"),
    *list_moves("queue"),
)  # fmt: skip
