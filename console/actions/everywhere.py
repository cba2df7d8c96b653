"""What can be done on every screen, and in help and confirmations."""

from console.actions.action import Action, go

APP: tuple[Action, ...] = (
    Action("queue", ("1",), "Queue", "Go to the queue.", "app", "Screens", "queue"),
    Action("exceptions", ("2",), "Exceptions", "Go to what a person must look at.",
           "app", "Screens", "exceptions"),
    Action("incidents", ("3",), "Incidents", "Go to freezes, health and the timeline.",
           "app", "Screens", "incident summary"),
    Action("audit", ("4",), "Audit", "Go to the trail and the verification of the ledger.",
           "app", "Screens", "audit trail"),
    Action("supervisor", ("5",), "Supervisor", "Go to what expires and who carries what.",
           "app", "Screens", "reassign"),
    Action("go_to", ("colon",), "Go to", "Go to a screen by its name.", "app", "Find"),
    Action("help", ("question_mark", "f1"), "Help", "List what can be done here, and its keys.",
           "app", "Find", "--help", shown_in_footer=True),
    Action("command_palette", ("ctrl+p",), "Commands", "Search everything that can be done here.",
           "app", "Find", shown_in_footer=True),
    Action("recall", ("z",), "Recall",
           "Take back the approval that is shown, or your last one, while it is not sent.",
           "app", "Decide", "recall ID", dangerous=True),
    Action("sync", ("s",), "Sync", "Ask the hub for what is new, now.", "app", "Console", "sync"),
    Action("stop_sync", ("x",), "Stop the sync",
           "End a running sync after its present step; nothing is lost.", "app", "Console"),
    Action("next_theme", ("ctrl+t",), "Theme", "Change the colours.", "app", "Console"),
    Action("hide", ("ctrl+l",), "Hide", "Hide patients until a key is pressed.",
           "app", "Console"),
    go("focus_next", "tab", "Next pane", "Move the focus on.", "app"),
    go("focus_previous", "shift+tab", "Previous pane", "Move the focus back.", "app"),
    Action("how_to_quit", ("ctrl+c",), "How to quit", "Say how to leave.", "app", "Console"),
    Action("quit", ("ctrl+q",), "Quit", "Leave the console; nothing undecided is decided.",
           "app", "Console", shown_in_footer=True, priority=True),
)  # fmt: skip

HELP: tuple[Action, ...] = (
    Action("close", ("escape",), "Close", "Close this help.", "help", "Look",
           shown_in_footer=True),
)  # fmt: skip

CONFIRM: tuple[Action, ...] = (
    Action("confirm", ("y",), "Yes, do it", "Do what is written above.", "confirm", "Decide",
           dangerous=True, shown_in_footer=True),
    Action("cancel", ("escape",), "Cancel", "Close without doing anything.", "confirm", "Decide",
           shown_in_footer=True),
    Action("note", ("n",), "Reason", "Write the reason; enter ends it.", "confirm", "Decide",
           shown_in_footer=True),
    Action("choose", tuple("123456789"), "Choose", "Choose the line of that number.",
           "confirm", "Move", each_key=True),
    go("choice_up", "up k", "Up", "Choose the line above.", "confirm"),
    go("choice_down", "down j", "Down", "Choose the line below.", "confirm"),
)  # fmt: skip
