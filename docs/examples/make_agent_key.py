"""Make a key: `python make_agent_key.py Ed25519|P-384 PRIVATE` prints the public half."""

import json
import os
import sys

from joserfc import jwk

curve, private = sys.argv[1:]
made = jwk.OKPKey if curve == "Ed25519" else jwk.ECKey
key = made.generate_key(curve, {"use": "sig"}, auto_kid=True)
# Readable by its owner alone from the first moment; never replaces a key that is there.
descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
    json.dump(key.as_dict(private=True), file)
sys.stdout.write(json.dumps(key.as_dict(private=False)) + "\n")
