"""What is known of EHR products: facts with their sources, claims of writes, known transforms.

A profile is data (`sync/profiles/*.toml`, or the copy that a workspace adopted); this room reads it
and says what follows from it. What a profile does not say is unknown. Source: design §2, §10.
"""
