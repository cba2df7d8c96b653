"""The table of rules, in the order in which they are asked.

The first rule that knows a case settles it. What may never pass stands before what may: a rule
added later for a harmless form belongs to `harmless`, after the guards at the head of the table.
"""

from __future__ import annotations

from typing import Final

from core.discrepancy import (
    attachments,
    change,
    concepts,
    critical,
    defaults,
    demographics,
    displays,
    harmless,
    loss,
    polarity,
    spelling,
    wording,
)
from core.discrepancy.case import Case, Finding, Rule

REORDERED: Final = Finding(
    "equivalent", "The items stand in another order, which means nothing in this list."
)
RENAMED: Final = Finding(
    "equivalent", "Contained resources have other ids, and what points to them follows."
)

RULES: Final[tuple[Rule, ...]] = (
    critical.other_resource_type,
    critical.other_patient_id,
    critical.other_patient,
    critical.added_patient,
    critical.merged_patient,
    critical.other_encounter,
    critical.negation,
    critical.other_side,
    polarity.turned_text,
    critical.other_comparator,
    change.unknown_element,
    defaults.nothing_said,
    change.misshapen,
    change.modifier_extension,
    change.extension_part,
    change.repeated_item,
    change.partial_answer,
    harmless.server_bookkeeping,
    harmless.assigned_id,
    harmless.element_id,
    harmless.regenerated_narrative,
    harmless.reference_form,
    harmless.added_reference_type,
    harmless.system_name,
    spelling.text_form,
    spelling.narrative_form,
    spelling.base64_form,
    demographics.spelling,
    demographics.name_text,
    demographics.address_text,
    demographics.postal_code,
    demographics.contact_value,
    attachments.attachment,
    attachments.link_form,
    harmless.offset_notation,
    harmless.time_notation,
    harmless.number_text,
    harmless.added_decimals,
    wording.same_wording,
    wording.contradiction,
    displays.same_display,
    concepts.user_selected,
    concepts.added_text,
    change.schedule,
    loss.lost_label,
    loss.lost_operation,
    loss.lost_extension,
    loss.lost_display,
    change.cut_care_text,
    concepts.translated_state,
    change.modifying,
    loss.lost_decimals,
    loss.coarser_date,
    critical.other_value,
    critical.other_dose,
    loss.cut_text,
    harmless.added_display,
    harmless.added_label,
    harmless.added_language,
    harmless.added_identifier,
    harmless.added_extension,
    defaults.stated_default,
    defaults.unit_factor,
    wording.added_wording,
    wording.added_code,
    concepts.replaced_coding,
    concepts.added_coding,
    concepts.mapped_code,
    change.other_code,
    change.other_author,
    change.other_date,
)

GUARDS: Final = RULES[: RULES.index(change.partial_answer) + 1]
"""What may never pass, whatever is said of the object around it."""


def judge(case: Case) -> Finding:
    """Return what the first rule that knows the case says; a case that none knows is `changed`."""
    for rule in RULES:
        if (found := rule(case)) is not None:
            return found
    return change.unruled(case)
