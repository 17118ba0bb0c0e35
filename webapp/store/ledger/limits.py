"""How many mails may go out, and from what they are counted."""

import ipaddress
import unicodedata
from dataclasses import dataclass, field
from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
IPV6_SITE: Final = 64  # one household or phone holds a whole /64


@dataclass(frozen=True)
class Limits:
    """Each limit, as the host may set it."""

    ip_ten_minutes: int = 20  # a classroom behind one address
    ip_day: int = 60
    own_six_hours: int = 5  # a few drafts an evening; no flood for a stranger's inbox
    own_day: int = 8
    recipient_day: int = 3  # from all writers together: no campaign against one manager
    pair_day: int = 1  # one letter a day from one person to another
    site_hour: int = 200  # what a new relay account carries without a bad name


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
class Rule:
    """At most so many mails in so many seconds about one thing: a network, an inbox, the site."""

    name: str  # of the limit
    about: str = field(repr=False)  # as it is before it is hashed
    seconds: int
    most: int
    site: bool = False


def rules(mail: ToOwn | ToPerson, limits: Limits) -> list[Rule]:
    """Every rule that this mail must keep."""
    ip = f"ip\0{network(mail.ip)}"
    found = [
        Rule("site_hour", "site", HOUR, limits.site_hour, site=True),
        Rule("ip_ten_minutes", ip, 10 * MINUTE, limits.ip_ten_minutes),
        Rule("ip_day", ip, DAY, limits.ip_day),
    ]
    own = fold(mail.own)
    if isinstance(mail, ToOwn):
        found.append(Rule("own_six_hours", f"own\0{own}", 6 * HOUR, limits.own_six_hours))
        found.append(Rule("own_day", f"own\0{own}", DAY, limits.own_day))
        return found
    recipient = fold(mail.recipient)
    found.append(Rule("recipient_day", f"recipient\0{recipient}", DAY, limits.recipient_day))
    pair_day = limits.recipient_day if mail.again else limits.pair_day
    found.append(Rule("pair_day", f"pair\0{own}\0{recipient}", DAY, pair_day))
    return found


def network(ip: str) -> str:
    """What counts as one sender: an IPv4 address or an IPv6 /64; all nonsense counts as one.

    Some proxies write the port behind it: 192.0.2.1:4711 and [2001:db8::1]:4711.
    """
    if ip.startswith("["):
        ip = ip[1:].partition("]")[0]
    elif ip.count(":") == 1:
        ip = ip.partition(":")[0]
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, IPV6_SITE), strict=False))


def plain(address: str) -> str:
    """The address as typed, but for case."""
    return unicodedata.normalize("NFKC", address).strip().casefold().rstrip(".")


def fold(address: str, *, dots: bool = True) -> str:
    """One spelling for the many that reach one inbox: case, +tags and dots left out.

    `dots` leaves them out everywhere: right for a limit, where two people may share one; for the
    block list only where the provider is known to ignore them, since it must block no neighbour.
    """
    local, _, domain = plain(address).rpartition("@")
    domain = {"googlemail.com": "gmail.com"}.get(domain, domain)
    local = local.partition("+")[0] or local
    if dots or domain == "gmail.com":
        local = local.replace(".", "") or local
    return f"{local}@{domain}"
