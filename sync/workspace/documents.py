"""The documents that a new workspace starts with: policy, roster and EHR profile.

Source: design §13 (`init`). They are adopted, signed, when the workspace is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from core.policy import sample_policy
from core.ports import Keys
from sync.profiles import load_profile

SANDBOX = "sandbox"
SAMPLE_AGENTS = ("front-desk-1", "scribe-1")
ROLES = (
    "physician", "nurse", "coordinator", "supervisor", "on-call", "compliance", "policy-owner",
    "admin",
)  # fmt: skip
PHASE = "3"


@dataclass(frozen=True, slots=True)
class Documents:
    """The texts to adopt; `ehr` is the EHR's name, and `profile` what is known of it."""

    ehr: str
    policy: str
    roster: str
    profile: str
    phase: str = PHASE

    def files(self) -> dict[str, str]:
        """Return the texts that stand in the workspace folder, by file name."""
        return {
            "policy.toml": self.policy,
            "roster.toml": self.roster,
            "profile.toml": self.profile,
        }


def starting_documents(profile: str, reviewer: str, keys: Keys) -> Documents:
    """Return the documents for an EHR named after its profile; BadInput for an unknown profile.

    With the sandbox the sample policy knows two agents; any other policy starts by denying all.
    """
    facts = load_profile(profile)
    sandbox = profile == SANDBOX
    policy = sample_policy(profile) if sandbox else _starter_policy(profile)
    agents = SAMPLE_AGENTS if sandbox else ()
    return Documents(profile, policy, roster_text(reviewer, keys, agents), facts)


def roster_text(reviewer: str, keys: Keys, agents: Sequence[str]) -> str:
    """Return a roster of one person with every role, their workspace's submitter and gateway."""
    own, submitter, gateway = (_key(keys, name) for name in ("reviewer", "submitter", "gateway"))
    return _ROSTER.format(
        reviewer=reviewer,
        roles="\n".join(f'    "{role}",' for role in ROLES),
        own=own,
        submitter=submitter,
        agents=", ".join(f'"{agent}"' for agent in agents),
        gateway=gateway,
    )


def _starter_policy(ehr: str) -> str:
    template = resources.files("sync.workspace").joinpath("starter_policy.toml")
    return template.read_text(encoding="utf-8").replace("EHR-NAME", ehr)


def _key(keys: Keys, name: str) -> str:
    return f'kid = "{keys.signer(name).kid}"\nx = "{keys.public(name)}"'


_ROSTER = """\
# Who may decide, who may speak for agents, and which gateway may send.
#
# Editing this file changes nothing by itself: `countersign roster adopt` puts it in force, signed
# by an admin who is listed in the roster before it. Keys are Ed25519; kid is the RFC 7638
# thumbprint of x. A key is never deleted but revoked (revoked = true), so that what it signed
# before stays attributable.

version = 1

# One person with every role, to start with. Routes that need more people than the roster has in
# their roles are disabled, never weakened. Give roles up as colleagues are added.
[[people]]
id = "{reviewer}"
roles = [
{roles}
]

[[people.keys]]
{own}

# The key that `countersign propose` signs with, and the agents that it may speak for.
[[submitters]]
{submitter}
agents = [{agents}]

# The gateway of this workspace: the only road to the EHR.
[[gateways]]
{gateway}

# Who may adopt policy, roster and profiles.
[[admins]]
{own}
"""
