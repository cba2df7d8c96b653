"""What can be done on the screen Audit."""

from console.actions.action import Action, list_moves

AUDIT: tuple[Action, ...] = (
    Action("open", ("enter",), "Look", "Go into the event under the cursor, to scroll in it.",
           "audit", "Look", "audit event SEQ", shown_in_footer=True),
    Action("filter", ("slash",), "Filter",
           "Show only events that match, such as type:decision since:2026-11-20; esc ends it.",
           "audit", "Look", "audit trail --filter WORDS", shown_in_footer=True),
    Action("trail", ("t",), "Trail", "Show only the events of the proposal under the cursor.",
           "audit", "Look", "audit trail ID", shown_in_footer=True),
    Action("verify", ("v",), "Verify",
           "Examine every event, every signed head and what screens show of them.",
           "audit", "Look", "audit verify", shown_in_footer=True),
    Action("newer", ("full_stop",), "Newer", "Take up what came since the list was read.",
           "audit", "Look", "audit trail"),
    Action("stop", ("c",), "Stop", "Stop the search or the verification; again goes on searching.",
           "audit", "Look"),
    Action("back", ("escape",), "Back", "Leave the event, then the filter.", "audit", "Look",
           shown_in_footer=True),
    *list_moves("audit"),
)  # fmt: skip
