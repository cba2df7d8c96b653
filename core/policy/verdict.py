"""What policy says of one change: outcome, tier, route, reasons and the trace of every rule.

Source: design §7, hub-protocol §2 (`verdict`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.canonical import c14n, digest, exact
from core.policy.route import Route

Outcome: TypeAlias = Literal["review", "auto", "denied"]

REASONS: dict[str, str] = {
    "request-incomplete": "A fact that the policy needs is missing or unreadable; "
    "send the proposal with every required field.",
    "nothing-changed": "The change touches no element; leave it out or propose a difference.",
    "forbidden": "A rule forbids this change.",
    "no-rule": "No rule allows this change as a whole; "
    "propose something narrower or ask the policy's owner for a rule.",
    "path-not-covered": "The change touches elements that the nearest rule does not name; "
    "propose only the elements that it names.",
    "effect-not-allowed": "The nearest rule does not allow this effect on an element it names; "
    "keep what stands there, since removal must be named.",
    "value-not-allowed": "A code value is missing or not among those that the nearest rule takes; "
    "propose one that it takes.",
    "medication-order": "A medication request must have status draft or intent proposal or plan; "
    "propose it as one of them.",
    "encounter-required": "The nearest rule wants an encounter; name the encounter.",
    "evidence-required": "The nearest rule wants evidence; quote the source of the change.",
    "evidence-not-grounded": "A quote could not be confirmed in its source; "
    "quote the current version word for word.",
    "contained-not-named": "No fitting rule names contained resources; refer to them instead.",
    "modifier-extension-not-named": "No fitting rule names modifier extensions; leave them out.",
    "extension-not-named": "No fitting rule names this extension; leave it out.",
    "absolute-reference-not-named": "No fitting rule names absolute references; "
    "write them relative to the EHR.",
    "attachment-url-not-named": "No fitting rule names attachment URLs; send the data inline.",
    "narrative-not-named": "No fitting rule names narrative; leave the text element out.",
    "meta-profile-not-named": "No fitting rule names this profile; leave meta.profile out.",
    "label-not-named": "What it is about or rests on bears a sensitive label that no fitting rule "
    "names; ask the policy's owner for a rule.",
    "sensitive-label": "What it is about or rests on bears a sensitive label, so the tier is "
    "raised.",
    "minor-contact": "The patient is a minor, or may be one; a person decides about a minor's "
    "contact details.",
    "proxy": "The change is about who acts for the patient; a person decides.",
    "confidential-contact": "The change touches a contact that is marked confidential; "
    "a person decides.",
    "flag-not-named": "The change holds special content that no fitting rule names; leave it out.",
    "condition-not-met": "A value is not what the rule takes, too far from the value before, or "
    "unreadable; correct the value, its unit, code or date.",
    "evidence-insufficient": "Too few verified quotes are recent enough and of the kind and author "
    "that the rule wants; quote better sources.",
    "evidence-not-independent": "What an agent or the patient wrote cannot alone ground this; "
    "quote a source by somebody else as well.",
    "model-not-registered": "The model is not registered for this agent; "
    "ask the policy's owner to register it.",
    "prompt-not-registered": "The prompt is not registered for this agent; "
    "ask the policy's owner to register it.",
    "urgency-capped": "The urgency is above what this agent may claim and counts as its highest; "
    "tell a person directly if it cannot wait.",
    "phase-not-reached": "The workspace's adoption phase does not let this through yet; "
    "propose a draft, or ask an administrator.",
    "route-disabled": "The route wants more people than the roster has in its roles; "
    "ask an administrator to add people to the roster.",
    "confidence-below-minimum": "The stated confidence is below the rule's minimum, so the "
    "strictest route decides; send stronger evidence.",
    "narrative-kept": "A hand-written narrative stays beside the change, so the tier is raised; "
    "the reviewer compares the two.",
    "duplicate-possible": "The same fact may be there already, or could not be looked for, so the "
    "tier is raised; the reviewer looks.",
    "not-correctable": "What is written cannot be undone through this EHR's API, so the tier is "
    "raised; the reviewer looks twice.",
    "outgoing-message": "A message to a person cannot be called back, so the strictest route "
    "decides.",
}
"""Every reason code with its one sentence and remedy; both are safe to send to an agent."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: a code of `REASONS` and one sentence without chart content."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule made of a request; `missed` says each condition that was not met.

    The words in `missed` may repeat what an agent wrote: for people, shown as inert text.
    """

    rule: str
    kind: Literal["allow", "forbid"]
    matched: bool
    missed: tuple[str, ...]


def _unexplained() -> tuple[RuleTrace, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a policy to one request.

    `rules` are the sorted ids of the rules that decided. A denied change bears the highest tier,
    so nothing that sorts by tier takes it for harmless, and neither it nor an automatic one has
    a route. `explain` looks at every rule again for a person who asks why.
    """

    outcome: Outcome
    tier: str
    rules: tuple[str, ...]
    route: Route | None
    reasons: tuple[Reason, ...]
    explain: Callable[[], tuple[RuleTrace, ...]] = field(
        default=_unexplained, compare=False, repr=False
    )

    @property
    def trace(self) -> tuple[RuleTrace, ...]:
        """Return what each rule made of the request, forbids first, in document order."""
        return self.explain()

    def digest(self) -> str:
        """Return the 64 hex characters that an approval signs. Source: hub-protocol §2."""
        route = None if self.route is None else self.route.signed()
        signed = {
            "outcome": self.outcome,
            "tier": self.tier,
            "rules": self.rules,
            "route": route,
        }
        return digest("verdict", c14n(exact(signed)))
