"""The workspace's policy: a strict document, and its verdict on one requested change.

Default deny; forbids win; one allow rule must cover every touched element; of several that match
the strictest counts; confidence only tightens. Source: design §7, hub-protocol §2.
"""

from core.policy.engine import evaluate
from core.policy.parse import parse_policy
from core.policy.policy import Policy
from core.policy.request import Badge, Effect, Operation, Request, Source, Touched
from core.policy.route import Route
from core.policy.rules import Agent, Allow, Forbid
from core.policy.sample import sample_policy
from core.policy.verdict import REASONS, Outcome, Reason, RuleTrace, Verdict

__all__ = [
    "REASONS",
    "Agent",
    "Allow",
    "Badge",
    "Effect",
    "Forbid",
    "Operation",
    "Outcome",
    "Policy",
    "Reason",
    "Request",
    "Route",
    "RuleTrace",
    "Source",
    "Touched",
    "Verdict",
    "evaluate",
    "parse_policy",
    "sample_policy",
]
