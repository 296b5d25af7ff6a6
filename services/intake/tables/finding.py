"""SQL that a dossier is found and put in order by: its columns are made of it, and its lists ask by it."""

from __future__ import annotations

NEVER = "9999-12-31 00:00:00+00"
"""Where a list in the order of due dates puts what has none."""


DUE = f"COALESCE(due_at, answer_due_at, '{NEVER}'::timestamptz)"
"""When the result is due, or before acceptance the answer."""


_MARKS = "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b"
"""The marks of Vietnamese letters, once these are taken apart."""


def folded(words: str) -> str:
    """SQL for these words without marks, capitals or signs between them: `Cấp lại` and `cap lai` are the same. The only fold there is."""
    return f"translate(lower(normalize({words}, NFD)), 'đĐ/.-_@,;{_MARKS}', 'dd       ')"


def vector(words: str) -> str:
    """SQL for the folded words, to be searched."""
    return f"to_tsvector('simple'::regconfig, {folded(words)})"


_SPOKEN = "coalesce(ltrim(substring(code from '[0-9]+$'), '0'), '') || ' ' || coalesce(substring(code from '-[0-9]*([0-9]{4})-'), '')"
"""How people say a code: its number without zeros, and its month and day."""


_WORDS = vector(
    f"code || ' ' || {_SPOKEN} || ' ' || coalesce(summary, '') || ' ' || jsonb_path_query_array(corrections, '$[*].value')::text"
)


SAID = f"{_WORDS} || array_to_tsvector(ARRAY['@' || procedure])"
"""The parts of the code, what the applicant wrote, what was put right in it, and the procedure (`@1.004873`: no word is written so)."""
