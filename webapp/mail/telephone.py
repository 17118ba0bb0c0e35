"""Telephone numbers in typed text, told apart from dates, times, prices, lists and ranges.

Digits are counted by paragraph, whatever stands between them: seven are the shortest number that
a telephone would offer to call. What people write about their days has as many, so the digits that
are clearly something else are not counted.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

SHORTEST: Final = 7
# Years, rooms and ages are short numbers. Nothing that begins with 0 is one: telephone numbers do.
_LONGEST_SHORT: Final = 4
# As many single digits with one of them twice may be a number that was pulled apart.
_PULLED_APART: Final = 7
_WHOLE_NUMBER: Final = 10
_SCALE: Final = "5"

_CLOCK: Final = r"(?:[01]?\d|2[0-3])[.:h][0-5]\d(?::[0-5]\d)?|(?:1[0-2]|[1-9])(?=\s?[ap]\.?m\b)"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_SIZE: Final = r"[1-9]\d{0,3}(?:[.,]\d\d?)?"
_TOKEN: Final = re.compile(
    r"(?<!\d)(?<!\d[.,:])(?:[£$€]\s?)?"
    r"(?:(?P<date>"
    rf"(?:{_DAY}(?P<a>[./-]){_MONTH}(?P=a)(?:{_YEAR}|\d\d)"
    rf"|{_MONTH}(?P<b>[./-]){_DAY}(?P=b)(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}(?P<c>[./-]){_MONTH}(?P=c){_DAY})(?![./:,-]?\d)"
    rf"|{_YEAR}\s?[-/]\s?(?:{_YEAR}|\d\d)(?![./:-]?\d)"
    r"|(?:0[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])(?![./:-]?\d))"
    rf"|(?P<clock>(?:{_CLOCK})(?:\s?[ap]\.?m\b\.?)?(?![./:,]?\d))"
    rf"|(?P<amount>(?:{_SIZE}(?:\s?[x×]\s?{_SIZE}){{1,2}}"
    r"|[1-9]['’′]\s?(?:1[01]|\d)\s?(?:[\"”″]|''|’’|′′)"
    r"|[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d\d?)?|(?:0|[1-9]\d{0,3})[.,]\d\d?)"
    r"(?![./:,-]?\d)\s?%?)"
    r"|(?P<digits>\d+)(?:\s?%|[a-wyzA-WYZ](?![^\W\d_]))?)"
    r"|(?P<rest>\d+)"
)
_WORD: Final = re.compile(r"[^\W\d_]{2}")
# Between two of a list; a letter may be a unit or a word ("5 m, 10 m", "B12, C14", "9 à 12").
_LIST: Final = re.compile(
    r"\s?°?\s?[^\W\d_]?[.)]?[,;、،؛]\s*(?:[^\W\d_]\s?|-)?"
    r"|[!?][\"'”’)]*\s+|\s*&\s*|\s+\(|\s+[^\W\d_]\s+"
)
# A telephone calls "020. 7946. 958", too.
_STOP: Final = re.compile(r"\.[\"'”’)]*\s+")
# After the first of them: "in 2023: 7, 8, 9".
_HEAD: Final = re.compile(r"\)?:\s+")
_RANGE: Final = re.compile(r"\s?[/-]\s?")
# Without a space after it, the comma would look like a part of the number.
_COMMA_OF_TIMES: Final = re.compile(r"(?<=\d[.:h][0-5]\d),(?=\d{1,2}[.:h][0-5]\d)")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Number:
    """Digits that could be called, and whether they look like a list of short numbers."""

    found: str = field(repr=False)
    is_list: bool


@dataclass(frozen=True)
class _Token:
    """Some digits in a row, or a date, a time, an amount."""

    kind: str
    digits: str = field(repr=False)
    start: int
    end: int

    @property
    def is_plain(self) -> bool:
        return self.kind in ("digits", "rest")

    @property
    def is_short(self) -> bool:
        short = len(self.digits) <= _LONGEST_SHORT
        return short and (self.digits == "0" or not self.digits.startswith("0"))

    @property
    def is_time_of_day(self) -> bool:
        """0900 or 1730, as hospitals and timetables write it."""
        hours, minutes = self.digits[:2], self.digits[2:]
        return len(self.digits) == 4 and hours < "24" and minutes < "60" and minutes[1] in "05"


def find_number(text: str) -> Number | None:
    """The first telephone number in a text whose digits are 0 to 9 and whose dashes are "-"."""
    for paragraph in _PARAGRAPH.split(_COMMA_OF_TIMES.sub(", ", text)):
        tokens = list(_tokens(paragraph))
        if _count(tokens) < SHORTEST:
            continue
        doubtful = []
        for chain in _chains(paragraph, tokens):
            if _is_harmless(paragraph, chain):
                continue
            if _count(chain) >= SHORTEST:
                return _number(paragraph, chain)
            doubtful += chain
        plain = [token for token in tokens if token.is_plain]
        if _is_spread(plain, doubtful) or _is_pulled_apart(_single(paragraph, plain)):
            return _number(paragraph, plain)
    return None


def _count(tokens: Sequence[_Token]) -> int:
    return sum(len(token.digits) for token in tokens)


def _tokens(paragraph: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(paragraph):
        digits = "".join(re.findall(r"\d", match.group()))
        # The group's name, not that of the sign inside a date.
        kind = next(x for x in ("date", "clock", "amount", "digits", "rest") if match[x])
        yield _Token(kind, digits, match.start(), match.end())


def _chains(paragraph: str, tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """The tokens between which no word stands."""
    chain: list[_Token] = []
    for token in tokens:
        if chain and _WORD.search(paragraph, chain[-1].end, token.start):
            yield chain
            chain = []
        chain.append(token)
    if chain:
        yield chain


def _number(paragraph: str, tokens: Sequence[_Token]) -> Number:
    found = paragraph[tokens[0].start : tokens[-1].end]
    return Number(found, is_list=all(token.is_short for token in tokens))


def _is_harmless(paragraph: str, chain: Sequence[_Token]) -> bool:
    """Whether a chain is a list of short numbers, dates, times, amounts, or of ranges of them."""
    if paragraph[: chain[0].start].endswith("+"):
        return False
    items: list[list[_Token]] = [[chain[0]]]
    for before, token in itertools.pairwise(chain):
        between = paragraph[before.end : token.start]
        if _LIST.fullmatch(between) or _go_together(paragraph, before, token):
            items.append([token])
        elif _RANGE.fullmatch(between):
            items[-1].append(token)
        elif len(items) == 1 and _HEAD.fullmatch(between) and _is_item(paragraph, items[0]):
            items = [[token]]
        else:
            return False
    plain = [token for item in items for token in item if token.is_plain]
    return all(_is_item(paragraph, item) for item in items) and _is_list(plain)


def _go_together(paragraph: str, before: _Token, after: _Token) -> bool:
    """Whether two stand side by side: a day and its time, two years, or two sentences' ends."""
    between = paragraph[before.end : after.start]
    if _STOP.fullmatch(between):
        return not (before.is_plain and after.is_plain) or _are_years((before,))
    if not between.isspace():
        return False
    if after.kind == "clock":
        # A day, "P1 8:50", "7am 8am".
        is_hour = before.kind == "clock" and not paragraph[before.end - 1].isdigit()
        return before.kind == "date" or (before.is_plain and before.is_short) or is_hour
    is_named = paragraph[: before.start][-1:].isalpha() and after.kind == "date"
    return is_named or _are_years((before, after))


def _is_item(paragraph: str, tokens: Sequence[_Token]) -> bool:
    """One short number, one range, or days with slashes between them ("3/10/17 March")."""
    plain = [token for token in tokens if token.is_plain]
    if len(plain) == len(tokens) <= 2 and all(token.is_time_of_day for token in plain):
        return _is_sorted(plain)
    if len(tokens) > 1 and _are_years(tokens):
        return True
    if not all(token.is_short for token in plain):
        return False
    longest = max((len(token.digits) for token in plain), default=0)
    if len(tokens) < 3:
        return len(tokens) == 1 or longest <= len(plain) + 1
    has_slashes = "-" not in paragraph[tokens[0].start : tokens[-1].end]
    return has_slashes and longest <= 2 and _is_sorted(plain)


def _is_list(plain: Sequence[_Token]) -> bool:
    """Whether short numbers stand as in a list, and not as in a number that was cut up."""
    if _count(plain) < SHORTEST or _is_sorted(plain):
        return True
    if all(token.is_time_of_day for token in plain) or _are_years(plain):
        return True
    return all(len(token.digits) < _LONGEST_SHORT for token in plain)


def _is_sorted(plain: Sequence[_Token]) -> bool:
    values = [int(token.digits) for token in plain]
    return values == sorted(values)


def _are_years(tokens: Sequence[_Token]) -> bool:
    """Whether each is a year, or two with a dash between them."""
    most = {"date": 2}
    return all(re.fullmatch(f"(?:{_YEAR}){{1,{most.get(x.kind, 1)}}}", x.digits) for x in tokens)


def _is_spread(plain: Sequence[_Token], doubtful: Sequence[_Token]) -> bool:
    """Whether a number is spread over a paragraph, with words between its digits."""
    if _count(plain) < SHORTEST:
        return False
    zeros = [token for token in doubtful if token.is_plain and token.digits.startswith("0")]
    begins = any(len(token.digits) > 2 for token in zeros) or len(zeros) > 1
    long = [token for token in doubtful if token.is_plain and len(token.digits) > _LONGEST_SHORT]
    return begins or len(long) > 1


def _single(paragraph: str, plain: Sequence[_Token]) -> list[str]:
    """The digits that stand alone; those of hours and results ("9-5", "3-1") do not."""
    pairs: set[_Token] = set()
    for before, token in itertools.pairwise(plain):
        is_range = _RANGE.fullmatch(paragraph, before.end, token.start)
        if is_range and before not in pairs and not before.digits.startswith("0"):
            pairs |= {before, token}
    return [one.digits for one in plain if len(one.digits) == 1 and one not in pairs]


def _is_pulled_apart(single: Sequence[str]) -> bool:
    """Whether single digits, whatever stands between them, are those of one number.

    Marks are as many, and have no 0; what is told on a scale from 0 is short and goes to 5.
    """
    if len(single) < _PULLED_APART or len(set(single)) == len(single) or "0" not in single:
        return False
    return len(single) >= _WHOLE_NUMBER or max(single) > _SCALE
