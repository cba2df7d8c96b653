"""The reference of the policy document: every key with its type, default and meaning.

Keys, types and defaults come from the document models; a key without a meaning here, or with a
type that has no words, stops the page from being written.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from core.policy import REASONS
from core.policy import document as models
from core.policy.limits import DRAFTS
from core.policy.presets import PRESETS
from core.policy.reconcile_table import Reconcile
from core.policy.service import Level

TABLES: dict[str, type[BaseModel]] = {
    "the document": models.Document,
    "[consent]": models.Consent,
    "[evidence]": models.Evidence,
    "[auto]": models.Auto,
    "[repeats]": models.Repeats,
    "[review]": models.Review,
    "[reconcile]": Reconcile,
    "[break_glass]": models.BreakGlass,
    "[minors]": models.Minors,
    "[[agent]]": models.AgentTable,
    "[[route]]": models.RouteTable,
    "[[allow]]": models.AllowTable,
    "[[allow.check]]": models.AllowCheckTable,
    "[allow.quotes]": models.QuotesTable,
    "[[forbid]]": models.ForbidTable,
    "[[forbid.unless]]": models.CheckTable,
}
_TABLES = {
    "Consent", "Evidence", "Auto", "Repeats", "Review", "Reconcile", "BreakGlass", "Minors",
}  # fmt: skip
_WORDS = {
    "_Text": "one line of text", "_Id": "small letters, digits, hyphens", "str": "text",
    "_Actor": "reference, like `Organization/1`", "_Words": "list of texts",
    "_Roles": "list of roles", "_Agents": "list of agent ids",
    "_Types": "list of FHIR types", "_Purposes": "list of ActReason codes",
    "_Operations": "list of `create`, `update`",
    "_Urgencies": "list of `routine`, `urgent`, `stat`",
    "_Effects": "list of `added`, `changed`, `removed`", "_Paths": "list of element paths",
    "_Seconds": 'duration, like `"8h"`', "_Confidence": "number from 0 to 1",
    "_Long": 'duration from `"1m"` to `"30d"`',
    "_Level": 'duration, or working days like `"2wd"`',
    "_Schedule": "list of durations, each longer than the one before",
    "_Short": 'duration up to `"1h"`',
    "_Bound": "exact number", "_ValuePath": "element path", "_Unit": "UCUM code",
    "_Urgency": "`routine`, `urgent` or `stat`", "bool": "true or false", "int": "whole number",
    "_Otherwise": "`no-match`, `highest-tier` or `deny`",
    "dict[_Label, _Roles]": "table of label group = list of roles",
    "dict[_Element, _Words]": "table of element = list of codes",
}  # fmt: skip
_MEANINGS = {
    "version": "The version of this language: 1.",
    "name": "What people call the document.",
    "tiers": "Risk tiers, from the least to the most strict.",
    "highest_route": "The route that doubt leads to; none wants more people.",
    "id": "Its own name, in reasons and traces.",
    "default": "What holds where no consent provision matches.",
    "actors": "What Consents call your organisation; empty: any provision may be about you.",
    "streak": "After how many quick approvals in a row one person pauses; 0: never.",
    "quick": "An approval is quick that was looked at for less; unmeasured ones do not count.",
    "pause": "How long the next approval waits, unless it is stat or another answer comes between.",
    "critical": "By when somebody must have seen to what may harm.",
    "changed": "The same where the chart says something else, and of all other exceptions.",
    "lossy": "The same where the chart lost something.",
    "schedule": "So long after verification the chart is read again.",
    "visible": "So long a new record may stay out of the chart before it counts as missing.",
    "unread": "For so long what cannot be examined is tried again before people are told.",
    "not_found": "What a quote that does not stand in its source leads to.",
    "enabled": "Whether any rule may approve without a person.",
    "roles": "Who may decide: any one of these.",
    "quorum": "How many different people must approve.",
    "expires": "How long an admitted change may wait until it is sent.",
    "hold": "How long an approval waits and can be recalled.",
    "rebase": "Whether an approval stands where only other elements moved.",
    "reach_by": "An approval that waited longer is confirmed once more.",
    "warn_before": "So long before expiry those who may decide are told.",
    "escalate_to": "Roles that are told then as well.",
    "attestation": "What an approval must attest.",
    "reassign_by": "Roles that may give an undecided change to others.",
    "unfenced": "Whether a create may be sent with only searches before and after.",
    "agents": "Which agents.", "ehrs": "Which EHRs.", "types": "Which resource types.",
    "operations": "Which operations.", "purposes": "Which purposes.",
    "workflows": "Which workflows.", "tier": "The risk tier.",
    "route": "The approval path, or `auto`.",
    "effects": "What may (a forbid: must not) happen to the elements.",
    "where": "Values of top-level codes that the rule takes.",
    "needs": "An encounter, or at least one verified quote.",
    "min_confidence": "Below it the highest route decides; more never loosens.",
    "named": "Special content that the rule takes.",
    "medication_orders": "Whether the rule takes more than draft, proposal and plan.",
    "urgencies": "Which urgencies, as they count after the agent's cap; a forbid also as claimed.",
    "check": "Conditions on values; each is a table.",
    "quotes": "What the rule wants of evidence.",
    "unless": "It forbids unless each condition about the request's type is met, at least one.",
    "reason": "The author's sentence; agents read it.",
    "path": "The values that it is about, at any depth; a missing or unreadable one fails.",
    "min": "Least value; inclusive.", "max": "Greatest value; inclusive.",
    "unit": "UCUM code that a Quantity must have exactly; without it a plain decimal.",
    "one_of": "Strings or codes of which each value must be one.",
    "none_of": "Strings or codes of which no value may be one.",
    "max_factor": "At most so many fold more or less than the value before: an update's base, a "
    "create's newest of the same code in the chart.",
    "first_value": "Whether a value that surely has no predecessor meets `max_factor`.",
    "not_future": "Whether a date must not lie ahead of the time of asking.",
    "otherwise": "What an unmet condition leads to: another rule, the highest tier, a denial.",
    "at_least": "How many different verified quotes.",
    "kinds": "Resource types that the sources may have.",
    "agent_written": "Whether a source that an agent wrote counts.",
    "patient_written": "Whether a source that the patient wrote counts.",
    "max_age": "How old the date, or the source, may be when asked, at intake and at sending.",
    "max_urgency": "What it claims above this counts as this, and the verdict says so.",
    "max_open": "Proposals open at a time.",
    "max_per_hour": "Proposals admitted within an hour.",
    "repeats": "What asking again for what a person rejected leads to.",
    "rejected": "Asked again on the same evidence: denied, or only shown to the reviewer.",
    "break_glass": "Who may decide without quorum, named role or consent.",
    "minors": "Who counts as a minor.",
    "age_of_majority": "In years; an unsure birth date counts as a minor's.",
    "labels": "Who sees content of a label group without asking, and no other role does. A group "
    "that does not stand here is shown to whoever of the route asks; that they asked is recorded.",
    "enforce_cases": "Whether a document that lets through more than its cases say is refused.",
    "people": "For cases: how many hold a role; without it every route is staffed.",
    "case": "What the document is meant to say; `policy test` tries them.",
    "max_repeats": "Proposals of the same content within a day.",
}  # fmt: skip
_OF = {
    "auto.paths": "Elements that may be approved without a person.",
    "allow.paths": "Elements that it covers; one rule must cover every touched element.",
    "forbid.paths": "Elements that it stops; none written: any.",
    "agent.models": "Models registered for it; a claim outside them denies.",
    "agent.prompts": "Prompts registered for it; a claim outside them denies.",
    "allow.models": "Which claimed models.", "allow.prompts": "Which claimed prompts.",
    "forbid.models": "Which claimed models.", "forbid.prompts": "Which claimed prompts.",
}  # fmt: skip


def policy_reference() -> str:
    """Return the page."""
    lines = ["# The policy document", ""]
    lines += [
        "TOML; an unknown key is refused. Nothing is allowed unless one allow rule covers the"
    ]
    lines += ["whole change; a forbid wins; of several rules the strictest counts.", ""]
    for name, model in TABLES.items():
        lines += [f"## {name}", "", "| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [row for key in model.model_fields if (row := _row(name, model, key))]
        lines.append("")
    lines += ["## Adoption phases", ""]
    lines += [
        "Phase 1 takes creates that are drafts, phase 2 any reviewed create and updates of the"
    ]
    lines += ["lowest tier, phase 3 what the rules allow; approval without a person only in 3.", ""]
    lines += ["| type | is a draft where |", "|---|---|"]
    for kind, (element, codes) in sorted(DRAFTS.items()):
        lines.append(f"| {kind} | `{element}` is {' or '.join(sorted(codes))} |")
    lines += ["", "## Presets", "", "`countersign policy preset NAME --ehr NAME` prints one.", ""]
    lines += [f"- `{name}`: {what}" for name, what in PRESETS.items()]
    lines += ["", "## Reasons of a verdict", "", "| code | what it says |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in REASONS.items()]
    return "\n".join([*lines, ""])


def _row(table: str, model: type[BaseModel], key: str) -> str | None:
    written = _written(model, key)
    is_table = "Table" in written or written.removesuffix(" | None") in _TABLES
    if is_table and (table == "the document" or key not in _MEANINGS):
        return None
    field = model.model_fields[key]
    default = _default(field.default)
    if written in ("_Long", "_Schedule"):
        times = field.default if isinstance(field.default, list) else [field.default]
        default = "`" + ", ".join(str(Level(seconds)) for seconds in times) + "`"
    scope = table.strip("[]").split(".")[0]
    meaning = _OF.get(f"{scope}.{key}") or _MEANINGS[key]
    return f"| `{key}` | {_type(written)} | {default} | {meaning} |"


def _written(model: type[BaseModel], key: str) -> str:
    for owner in model.__mro__:
        if key in (found := inspect.get_annotations(owner)):
            return str(found[key])
    raise KeyError(key)


def _type(written: str) -> str:
    bare = written.removesuffix(" | None")
    if "Table" in bare:
        return "tables" if bare.startswith("list") else "table"
    if bare in _WORDS:
        return _WORDS[bare]
    choices = re.findall(r"'([^']+)'", bare) if "Literal" in bare else []
    if choices:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        return f"list of {listed}" if bare.startswith("list") else f"one of {listed}"
    found = next(word for word in re.findall(r"\w+", bare) if word in _WORDS)
    return f"list of: {_WORDS[found]}" if "list[" in bare else _WORDS[found]


def _default(default: Any) -> str:
    if default is PydanticUndefined:
        return "must be written"
    if default is None or default == [] or default == {}:
        return "none"
    if isinstance(default, list):
        return "`" + ", ".join(str(item) for item in default) + "`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
