"""The hub: signed statements on Tasks, and what is believed of them (hub-protocol §2 to §7)."""
