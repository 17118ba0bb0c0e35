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
# As many single digits with one of them twice are a number that was pulled apart.
_PULLED_APART: Final = 7

_CLOCK: Final = r"(?:[01]?\d|2[0-3])[.:h][0-5]\d(?::[0-5]\d)?|(?:1[0-2]|[1-9])(?=\s?[ap]\.?m\b)"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_TOKEN: Final = re.compile(
    r"(?<!\d)(?<!\d[.,:])(?:[£$€]\s?)?"
    r"(?:(?P<date>"
    rf"(?:{_DAY}(?P<a>[./-]){_MONTH}(?P=a)(?:{_YEAR}|\d\d)"
    rf"|{_MONTH}(?P<b>[./-]){_DAY}(?P=b)(?:{_YEAR}|\d\d)"
    rf"|{_YEAR}(?P<c>[./-]){_MONTH}(?P=c){_DAY})(?![./:,-]?\d)"
    rf"|{_YEAR}\s?[-/]\s?(?:{_YEAR}|\d\d)(?![./:-]?\d))"
    rf"|(?P<clock>(?:{_CLOCK})(?:\s?[ap]\.?m\b\.?)?(?![./:,]?\d))"
    r"|(?P<amount>(?:[1-9]\d{0,3}(?:\s?[x×]\s?[1-9]\d{0,3}){1,2}"
    r"|[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d\d?)?|(?:0|[1-9]\d{0,3})[.,]\d\d?)"
    r"(?![./:,-]?\d)\s?%?)"
    r"|(?P<digits>\d+)(?:\s?%|[a-wyzA-WYZ](?![^\W\d_]))?)"
    r"|(?P<rest>\d+)"
)
_WORD: Final = re.compile(r"[^\W\d_]{2}")
# Between two of a list; a letter may be a unit or a word ("5 m, 10 m", "B12, C14", "9 à 12").
_LIST: Final = re.compile(
    r"\s?[a-zA-Z]?\)?[,;]\s*[a-zA-Z]?|[.!?][\"'”’)]*\s+|\s*&\s*|\s+\(|\s+[^\W\d_]\s+"
)
_RANGE: Final = re.compile(r"\s?[/-]\s?")
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
    for paragraph in _PARAGRAPH.split(text):
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
        if _is_spread(plain, doubtful):
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
    items: list[list[_Token]] = [[chain[0]]]
    for before, token in itertools.pairwise(chain):
        between = paragraph[before.end : token.start]
        if _LIST.fullmatch(between) or (between.isspace() and _go_together(before, token)):
            items.append([token])
        elif _RANGE.fullmatch(between):
            items[-1].append(token)
        else:
            return False
    plain = [token for token in chain if token.is_plain]
    return all(map(_is_item, items)) and _is_counted_up(plain)


def _go_together(before: _Token, after: _Token) -> bool:
    """Whether two stand side by side without a comma: a date and its time, or two years."""
    return (before.kind, after.kind) == ("date", "clock") or _are_years((before, after))


def _is_item(tokens: Sequence[_Token]) -> bool:
    """One short number, one range, or days with slashes between them ("3/10/17 March")."""
    plain = [token for token in tokens if token.is_plain]
    if len(plain) == 2 and all(token.is_time_of_day for token in plain):
        return plain[0].digits <= plain[1].digits
    if not all(token.is_short for token in plain):
        return False
    longest = max((len(token.digits) for token in plain), default=0)
    if len(tokens) == 2:
        return len(plain) < 2 or longest <= 3 or _are_years(plain)
    return len(tokens) == 1 or (longest <= 2 and _is_sorted(plain))


def _is_counted_up(plain: Sequence[_Token]) -> bool:
    """Whether short numbers stand as in a list, and not as in a number that was cut up."""
    if _count(plain) < SHORTEST or _is_sorted(plain):
        return True
    if all(token.is_time_of_day for token in plain) or _are_years(plain):
        return True
    lengths = {len(token.digits) for token in plain}
    different = len({token.digits for token in plain}) == len(plain)
    return different and (max(lengths) <= 2 or lengths == {3})


def _is_sorted(plain: Sequence[_Token]) -> bool:
    values = [int(token.digits) for token in plain]
    return values == sorted(values)


def _are_years(plain: Sequence[_Token]) -> bool:
    return all(re.fullmatch(_YEAR, token.digits) for token in plain)


def _is_spread(plain: Sequence[_Token], doubtful: Sequence[_Token]) -> bool:
    """Whether a number is spread over a paragraph, with words between its digits."""
    if _count(plain) < SHORTEST:
        return False
    zeros = [token for token in doubtful if token.is_plain and token.digits.startswith("0")]
    begins = any(len(token.digits) > 2 for token in zeros) or len(zeros) > 1
    long = [token for token in doubtful if token.is_plain and len(token.digits) > _LONGEST_SHORT]
    single = [token.digits for token in plain if len(token.digits) == 1]
    pulled_apart = len(single) >= _PULLED_APART and len(set(single)) < len(single)
    return begins or len(long) > 1 or pulled_apart
