"""Who is on duty, and who is asked when they are not. Source: design §8 (escalation), §9."""
