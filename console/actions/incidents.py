"""What can be done on the panel of on-call staff."""

from console.actions.action import Action, list_moves

INCIDENTS: tuple[Action, ...] = (
    Action("open", ("enter",), "Open", "Look at the proposal of this event; decides nothing.",
           "incidents", "Look", "show ID", shown_in_footer=True),
    Action("freeze", ("f",), "Freeze",
           "Ask what to stop: the agent, model, type or EHR of this event, or everything.",
           "incidents", "Contain", "incident freeze --agent AGENT --reason WORDS", dangerous=True,
           shown_in_footer=True),
    Action("thaw", ("t",), "Thaw", "Ask to lift the freeze that is chosen.", "incidents",
           "Contain", "incident thaw FREEZE --reason WORDS", dangerous=True,
           shown_in_footer=True),
    Action("declare_incident", ("d",), "Declare",
           "Ask what went wrong with the change of this event, and open an incident about it.",
           "incidents", "Contain", "incident declare --category C --reason-file FILE",
           dangerous=True),
    Action("close_incident", ("c",), "Close", "Ask which open incident to close, and why.",
           "incidents", "Contain", "incident close INCIDENT --reason-file FILE", dangerous=True),
    Action("newer", ("full_stop",), "Newer", "Take up the events that came since.", "incidents",
           "Look", "incident timeline", shown_in_footer=True),
    Action("reload", ("ctrl+r",), "Reload", "Read everything again.", "incidents", "Look",
           "incident summary"),
    Action("back", ("escape",), "Back", "Go back to the queue.", "incidents", "Look"),
    *list_moves("incidents"),
)  # fmt: skip
