"""What can be done while reviewing a change, and in the second step of a decision."""

from console.actions.action import Action, go, pane_moves

REVIEW: tuple[Action, ...] = (
    Action("approve", ("a",), "Approve", "Ask to approve the change that is shown.",
           "review", "Decide", "approve ID --hash H --change N", dangerous=True,
           shown_in_footer=True),
    Action("reject", ("r",), "Reject", "Ask to reject the change that is shown, with a reason.",
           "review", "Decide", "reject ID --reason CODE --change N", dangerous=True,
           shown_in_footer=True),
    Action("defer", ("d",), "Defer", "Ask to put the change that is shown off until later.",
           "review", "Decide", "defer ID --until TIME --change N", dangerous=True,
           shown_in_footer=True),
    Action("next_item", ("n",), "Next", "Open the next change of the queue; decides nothing.",
           "review", "Look", "queue", shown_in_footer=True),
    Action("previous_item", ("p",), "Previous", "Open the previous change of the queue.",
           "review", "Look", "queue"),
    Action("next_change", ("right_square_bracket",), "Next change",
           "Go to the next change of this proposal.", "review", "Look", "show ID"),
    Action("previous_change", ("left_square_bracket",), "Previous change",
           "Go to the previous change of this proposal.", "review", "Look", "show ID"),
    Action("edit", ("e",), "Edit", "Correct a value before deciding; it is decided anew.",
           "review", "Decide", "edit ID --hash H --file FILE", dangerous=True),
    Action("next_tab", ("t",), "Next tab", "Show the JSON, the history, the policy, the chart.",
           "review", "Look", "show ID"),
    Action("previous_tab", ("upper_t",), "Previous tab", "Go back one tab.", "review", "Look",
           "show ID"),
    Action("unfold", ("u",), "Unchanged", "Show what the change leaves as it is, or fold it.",
           "review", "Look", "show ID --json"),
    Action("reload", ("ctrl+r",), "Reload", "Read what is shown again, as it is now.",
           "review", "Look", "show ID"),
    Action("back", ("escape",), "Back", "Go back to the queue.", "review", "Look",
           shown_in_footer=True),
    *pane_moves("review"),
)  # fmt: skip

DECIDE: tuple[Action, ...] = (
    Action("confirm", ("y",), "Yes, decide", "Record the decision as it is written above.",
           "decide", "Decide", "approve ID --hash H", dangerous=True, shown_in_footer=True),
    Action("cancel", ("escape",), "Cancel", "Close without deciding.", "decide", "Decide",
           shown_in_footer=True),
    Action("choose", tuple("12345678"), "Choose", "Choose the line of that number.",
           "decide", "Decide", "reject ID --reason CODE", each_key=True),
    go("choice_up", "up k", "Up", "Choose the line above.", "decide"),
    go("choice_down", "down j", "Down", "Choose the line below.", "decide"),
    Action("note", ("n",), "Note", "Write a note; enter ends it.", "decide", "Decide",
           "reject ID --note-file FILE", shown_in_footer=True),
)  # fmt: skip
