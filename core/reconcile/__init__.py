"""Comparing what was intended and submitted with what the EHR now holds. Source: design §10."""
