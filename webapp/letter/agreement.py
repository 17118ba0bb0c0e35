"""Whether one group agreed to every sentence that a letter prints, and how that is said."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import day
from .words import Agreement, ReadyReply, Wording, Words


def certificate(printed: Iterable[Wording | ReadyReply], words: Words) -> str:
    """Who agreed to all of these, and on which day the last one was; "" unless one group did."""
    agreed = [one.agreed for one in printed]
    groups = {one.by for one in agreed if one}
    if None in agreed or len(groups) != 1:
        return ""
    last = max(one.on for one in agreed if one)
    text = words.frame.agreed.text.replace("{date}", day(last, words))
    return text.replace("{by}", groups.pop())


def votes(agreed: Agreement) -> tuple[int, int] | None:
    """How many were for it and against it; None where the group does not show that."""
    if agreed.votes_for is None or agreed.against is None:
        return None
    return agreed.votes_for, agreed.against
