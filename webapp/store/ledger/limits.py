"""How many mails may go out, and from what they are counted."""

import ipaddress
import unicodedata
from dataclasses import dataclass, field
from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
# A household or a phone has a whole /64, a customer often a /56, a small provider a /48. The wider
# the network, the more people are behind it: so many times the limit of one address holds for it.
IPV6_NETWORKS: Final = {64: 1, 56: 4, 48: 16}


@dataclass(frozen=True)
class Limits:
    """Each limit, as the host may set it."""

    ip_ten_minutes: int = 20  # a classroom behind one address
    ip_day: int = 60
    own_six_hours: int = 5  # a few drafts an evening; no flood for a stranger's inbox
    own_day: int = 8
    recipient_day: int = 3  # from all writers together: no campaign against one manager
    pair_day: int = 1  # one letter a day from one person to another
    stop_hour: int = 40  # for the whole site, apart: asking for no more mail silences no letters
    site_hour: int = 200  # what a new relay account carries without a bad name
    # A group's rounds have a share of their own: they silence no letters, and no letter them.
    group_day: int = 150  # for the whole site: three groups of fifteen, some openings and reminders
    group_inbox_day: int = 6  # an opening that a slip had to repeat, and a reminder


@dataclass(frozen=True)
class Kind:
    """What the day's figures tell letters apart by; only those of a kind are figured."""

    situation: str
    level: str


@dataclass(frozen=True)
class ToOwn:
    """A mail to a typed, unproven address: the letter to oneself, a code, a /stop code."""

    ip: str = field(repr=False)
    own: str = field(repr=False)
    kind: Kind | None = None
    to_stop: bool = False

    @property
    def reader(self) -> str:
        """Whose inbox it is."""
        return self.own


@dataclass(frozen=True)
class ToPerson:
    """The letter to the named person; `again` is a ticked re-send of one that may have arrived."""

    ip: str = field(repr=False)
    own: str = field(repr=False)
    recipient: str = field(repr=False)
    again: bool = False
    kind: Kind | None = None

    @property
    def reader(self) -> str:
        """Whose inbox it is."""
        return self.recipient


@dataclass(frozen=True)
class ToGroup:
    """A mail of a group's round: to a member, or to its coordinator."""

    address: str = field(repr=False)
    kind: None = None

    @property
    def reader(self) -> str:
        """Whose inbox it is."""
        return self.address


Reader = ToOwn | ToPerson | ToGroup


@dataclass(frozen=True)
class Rule:
    """At most so many mails in so many seconds about one thing: a network, an inbox, the site."""

    name: str  # of the limit
    about: str = field(repr=False)  # as it is before it is hashed
    seconds: int
    most: int
    site: bool = False


def rules(mail: Reader, limits: Limits) -> list[Rule]:
    """Every rule that this mail must keep; it counts under the inbox that gets it."""
    if isinstance(mail, ToGroup):
        inbox = f"group inbox\0{fold(mail.reader)}"
        return [
            Rule("group_day", "group", DAY, limits.group_day, site=True),
            Rule("group_inbox_day", inbox, DAY, limits.group_inbox_day),
        ]
    if isinstance(mail, ToOwn) and mail.to_stop:
        found = [Rule("stop_hour", "stop", HOUR, limits.stop_hour, site=True)]
    else:
        found = [Rule("site_hour", "site", HOUR, limits.site_hour, site=True)]
    for name, times in networks(mail.ip).items():
        ip = f"ip\0{name}"
        found.append(Rule("ip_ten_minutes", ip, 10 * MINUTE, times * limits.ip_ten_minutes))
        found.append(Rule("ip_day", ip, DAY, times * limits.ip_day))
    inbox = f"inbox\0{fold(mail.reader)}"
    if isinstance(mail, ToOwn):
        found.append(Rule("own_six_hours", inbox, 6 * HOUR, limits.own_six_hours))
        found.append(Rule("own_day", inbox, DAY, limits.own_day))
        return found
    found.append(Rule("recipient_day", inbox, DAY, limits.recipient_day))
    pair_day = limits.recipient_day if mail.again else limits.pair_day
    pair = f"pair\0{fold(mail.own)}\0{fold(mail.recipient)}"
    found.append(Rule("pair_day", pair, DAY, pair_day))
    return found


def network(ip: str) -> str:
    """What counts as one sender: an IPv4 address or an IPv6 /64; all nonsense counts as one."""
    return next(iter(networks(ip)))


def networks(ip: str) -> dict[str, int]:
    """The networks that an address counts for, each with how many times more it may send.

    Some proxies write the port behind it: 192.0.2.1:4711 and [2001:db8::1]:4711.
    """
    if ip.startswith("["):
        ip = ip[1:].partition("]")[0]
    elif ip.count(":") == 1:
        ip = ip.partition(":")[0]
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return {"unknown": 1}
    if isinstance(address, ipaddress.IPv4Address):
        return {str(address): 1}
    if address.ipv4_mapped:
        return {str(address.ipv4_mapped): 1}
    return {
        str(ipaddress.IPv6Network((address, length), strict=False)): times
        for length, times in IPV6_NETWORKS.items()
    }


def plain(address: str) -> str:
    """The address as typed, but for case."""
    return unicodedata.normalize("NFKC", address).strip().casefold().rstrip(".")


# Spellings of one provider's name, and how it reads the part before the "@".
_SAME_DOMAIN: Final = {
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("protonmail.com", "pm.me", "protonmail.ch"), "proton.me"),
}
_IGNORED: Final = {"gmail.com": ".", "proton.me": ".-_"}
_DASHED: Final = ("yahoo.", "ymail.", "rocketmail.", "myyahoo.")
_SUBDOMAINS: Final = ("fastmail.com", "fastmail.fm", "fastmail.co.uk")


def fold(address: str, *, dots: bool = True) -> str:
    """One spelling for the many that reach one inbox: case, +tags, dots and providers' own aliases.

    `dots` leaves dots out everywhere: right for a limit, where two people may share one; for the
    block list only where the provider is known to ignore them, since it must block no neighbour.
    """
    local, _, domain = plain(address).rpartition("@")
    for provider in _SUBDOMAINS:
        if domain.endswith(f".{provider}"):
            # Whatever stands before the "@": the inbox is named by the subdomain.
            local, domain = domain.removesuffix(f".{provider}"), provider
    domain = _SAME_DOMAIN.get(domain, domain)
    local = local.partition("+")[0] or local
    if domain.startswith(_DASHED):
        local = local.partition("-")[0] or local
    ignored = _IGNORED.get(domain, "") + ("." if dots else "")
    return f"{local.translate(dict.fromkeys(map(ord, ignored))) or local}@{domain}"
