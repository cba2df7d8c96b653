"""What the chart says beside a change: medication context, recipients, newer sources.

The parts: everything around one change (`around`), the chart around a medicine (`medication`, with
the LOINC codes in `codes`), the recipients of a message (`message`), newer sources on the same
subject (`newer`), searches that never take silence for nothing (`reading`), short words for a
resource (`say`), and the lines that people read (`lines`).
Source: design §5 (grounding), §7 (messages), §8; ADR 0018.
"""
