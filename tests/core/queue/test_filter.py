"""The words that narrow the queue: what they mean, and what is said of those that mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.queue import Filter, Term, parse_filter
from core.queue.filter import FIELDS, minutes


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("ada", (Term("words", ("ada",)),)),
        ('"Synthetic, Ada"', (Term("words", ("Synthetic, Ada",)),)),
        ("risk:high", (Term("risk", ("high",)),)),
        ("!agent:a,b", (Term("agent", ("a", "b"), negated=True),)),
        ("RISK:high is:late", (Term("risk", ("high",)), Term("is", ("late",)))),
        ('patient:"de la Cruz"', (Term("patient", ("de la Cruz",)),)),
        ("[bold] \\x1b", (Term("words", ("[bold]",)), Term("words", ("\\x1b",)))),
    ],
)
def test_what_is_typed_becomes_terms(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_filter(text) == Filter(terms)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('"open', "filter"),
        ("!", "filter"),
        ("weight:9", "filter: weight"),
        ("risk:", "filter"),
        ('risk:""', "filter: risk"),
        ("op:delete", "filter: op"),
        ("is:sad", "filter: is"),
        ("urgency:asap", "filter: urgency"),
        ("due:soon", "filter: due"),
        ("a" * 401, "filter"),
    ],
)
def test_what_means_nothing_names_the_term(text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_filter(text)
    assert caught.value.field == field


@pytest.mark.parametrize(("text", "wanted"), [("30m", 30), ("4h", 240), ("2d", 2880)])
def test_spans(text: str, wanted: int) -> None:
    assert minutes(text) == wanted


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(set(FIELDS) - {"op", "urgency", "is", "due"})),
            st.lists(st.text("abcXYZ-. ", min_size=1).filter(str.strip), min_size=1, max_size=3),
            st.booleans(),
        ),
        max_size=4,
    )
)
def test_a_filter_reads_back_what_it_writes(parts: list[tuple[str, list[str], bool]]) -> None:
    given_ = Filter(tuple(Term(name, tuple(values), sign) for name, values, sign in parts))
    if len(given_.text) <= 400:
        assert parse_filter(given_.text) == given_
