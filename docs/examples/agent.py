"""Propose what a file says and print the final outcome: `python agent.py CONFIG PROPOSAL`."""

import base64
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
from joserfc import jwk, jws, jwt

config = json.loads(Path(sys.argv[1]).read_bytes())
key = {k: jwk.import_key(json.loads(Path(v).read_bytes())) for k, v in config["keys"].items()}
hub = httpx.Client(base_url=config["fhir_base"], timeout=30)


def fetch_token():
    """Buy a token with a signed assertion (SMART Backend Services, private_key_jwt)."""
    claims = {"iss": config["client_id"], "sub": config["client_id"], "aud": config["token_url"]}
    claims |= {"exp": int(time.time()) + 240, "jti": str(uuid4())}
    proof = jwt.encode({"alg": "ES384", "kid": key["client"].kid}, claims, key["client"], ["ES384"])
    ask = {"grant_type": "client_credentials", "scope": "system/Task.cr", "client_assertion": proof}
    ask["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    token = httpx.post(config["token_url"], data=ask, timeout=30).raise_for_status().json()
    hub.headers["Authorization"] = f"Bearer {token['access_token']}"


def call(method, url, **sent):
    """Return the resource that the hub answers with; a 401 means: no token yet, or an old one."""
    if (answer := hub.request(method, url, **sent)).status_code == 401:
        fetch_token()
        answer = hub.request(method, url, **sent)
    return answer.raise_for_status().json()


def signed(task, place, kind, signer):
    """Return the payloads of the statements of a kind; raises where `signer` did not sign one."""
    found = [item for item in task.get(place, []) if item["type"]["coding"][0]["code"] == kind]
    jose = [base64.b64decode(item["valueAttachment"]["data"]) for item in found]
    return [json.loads(jws.deserialize_compact(one, signer, ["Ed25519"]).payload) for one in jose]


# Sign the proposal. Its own text is kept as it is, so that 1.10 stays 1.10.
proposal = json.loads(text := Path(sys.argv[2]).read_text("utf-8").strip())
stamp = {"v": 1, "team": config["team"], "id": str(uuid4()), "at": datetime.now(UTC).isoformat()}
payload = json.dumps(stamp)[:-1] + "," + text[1:]
header = {"alg": "Ed25519", "kid": key["signing"].thumbprint(), "typ": "countersign.proposal.v1"}
statement = jws.serialize_compact(header, payload, key["signing"], ["Ed25519"])

# Post task.json with four values of our own. The condition makes it safe to run this again after
# any failure; what is stored may then be our earlier statement, or not ours at all.
task = json.loads(Path(__file__).with_name("task.json").read_bytes())
task["authoredOn"], task["requester"]["identifier"]["value"] = stamp["at"], proposal["agent"]["id"]
task["identifier"][0]["value"] = "{agent[id]}.{correlation_id}".format(**proposal)
task["input"][0]["valueAttachment"]["data"] = base64.b64encode(statement.encode()).decode()
once = "identifier={system}|{value}".format(**task["identifier"][0])
stored = call("POST", "Task", json=task, headers={"If-None-Exist": once})
if not proposal.items() <= signed(stored, "input", "proposal", key["signing"])[0].items():
    sys.exit("another proposal stands under this correlation id")

# Wait. What counts is the gateway's last signed outcome for this Task, never Task.status.
for _ in range(config["polls"]):
    said = signed(call("GET", f"Task/{stored['id']}"), "output", "outcome", key["gateway"])
    if said and said[-1]["final"] and said[-1]["task"] == f"Task/{stored['id']}":
        sys.stdout.write(json.dumps(said[-1], indent=2) + "\n")
        sys.exit()
    time.sleep(config["poll_seconds"])
sys.exit("no final outcome yet: run this again, it finds the same Task")
