"""How much may be asked of one EHR at once, in which order, and when to stop asking; pure state.

Nothing here waits: `sync.traffic` does, on a loop. Times are seconds on a clock that the caller
reads. Source: design §9 (traffic).
"""
