"""The patient's name as a queue row shows it; foreign text, made inert where it is drawn."""

from __future__ import annotations

from core.canonical import JsonObject


def patient_label(patient: JsonObject) -> str:
    """Return `Family, Given` of the official name, else of the first, else an empty text."""
    names = [item for item in patient.get("name") or [] if isinstance(item, dict)]
    names.sort(key=lambda item: item.get("use") != "official")
    for name in names:
        if name.get("use") in ("old", "anonymous"):
            continue
        given = " ".join(str(item) for item in name.get("given") or [] if isinstance(item, str))
        family = name.get("family")
        if isinstance(family, str) and family:
            return f"{family}, {given}" if given else family
        text = name.get("text")
        if given or isinstance(text, str):
            return given or str(text)
    return ""
