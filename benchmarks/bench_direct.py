"""The POST that sends a letter to a named person, against bare smtplib with the same mails.

Under /confirm, with the right code and "send", on loopback: the code is checked, the letter is
opened, claimed, counted, sent and settled, and its writer gets a receipt: two mails. The other
side hands over those same bytes and does nothing else, by a new connection for each mail, as
smtplib is used. Both hand over to a real server, aiosmtpd. The bound counts by STARTTLS, as every
host has it whose relay is on another machine: the app sends nothing there in the clear. Two more
figures: in the clear, and to a relay that costs next to nothing, where what is left is ours alone.
scrypt, which makes codes dear to guess, is left out here and measured by itself.
"""

import dataclasses
import io
import json
import smtplib
import ssl
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import run_wsgi_app

from tests.mail_server import Certificate, make_certificate
from webapp import create_app
from webapp.delivery.envelope import ForPerson, envelope_for, pack
from webapp.letter.compose import Answers, compose
from webapp.mail.message import Mail
from webapp.post import Outcome
from webapp.post.smtp import SmtpPost, SmtpServer
from webapp.services import Services
from webapp.settings import from_environment
from webapp.store.opening import Store, open_store
from webapp.store.sealing import Sealer
from webapp.store.waiting import Ticket, WaitingLetters
from webapp.web.common import EXTENSION

from .bench_ledger import places, scrypt_ms
from .host import NotTaken, environment
from .relay import relay

ROUNDS: Final = 60
WARM: Final = 10
AT_MOST: Final = 2.0
NO_SCRYPT: Final = 2  # its smallest n, which costs nothing
HOST: Final = "127.0.0.1:5000"


class Noting:
    """The app's own sender, which also keeps what it was given."""

    def __init__(self, server: SmtpServer) -> None:
        self.mails: list[Mail] = []
        self._post = SmtpPost(server)

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        self.mails.append(mail)
        return self._post.send(mail, seconds=seconds)

    def close(self) -> None:
        self._post.close()


@dataclasses.dataclass(frozen=True)
class Relay:
    """Where both sides hand their mails over: in private if it has a certificate."""

    port: int
    certificate: Certificate | None = None

    def settings(self) -> dict[str, str]:
        """What a host would set."""
        if self.certificate is None:
            return {}
        url = f"smtp+starttls://localhost:{self.port}"
        return {"MAIL_URL": url, "MAIL_CA_FILE": str(self.certificate.authority)}


def host(database_url: str, to: Relay) -> tuple[Flask, Noting]:
    """The app with its real sender and database, and codes that cost nothing to check."""
    environ = environment(5000, to.port, database_url) | to.settings()
    settings = from_environment(environ, Path("instance"))
    assert isinstance(settings.mail, SmtpServer)
    store = open_store(
        settings.database_url, settings.keys, settings.limits, settings.waiting_hours
    )
    store.upgrade()
    waiting = WaitingLetters(store.database, Sealer(settings.keys, cost=NO_SCRYPT))
    post = Noting(settings.mail)
    app = create_app(settings, post=post, store=dataclasses.replace(store, waiting=waiting))
    return app, post


def seal_a_letter(services: Services, number: int) -> Ticket:
    """A letter with eight ticks that waits for its code."""
    words = services.library.words("en")
    situation = words.situations["volunteering"]
    say = situation.starters.at("named")
    answers = Answers(situation.id, name="Emma", to_name="Ms Patel", say=say)
    order = ForPerson(
        letter=compose(answers, words),
        language="en",
        situation=situation.id,
        draft_id=f"{number:018x}",
        own=f"emma{number}@example.org",
        recipient=f"manager{number}@example.org",
        recipient_name="Ms Patel",
        consent="I agree.",
    )
    payload = pack(envelope_for(order, services))
    return store_of(services).waiting.put(payload, browser=number.to_bytes(16))


def store_of(services: Services) -> Store:
    """The database, which this app has."""
    assert services.store
    return services.store


def confirm(app: Flask, ticket: Ticket) -> None:
    """The POST itself, as gunicorn hands it to the app."""
    body = urlencode({"code": ticket.code, "send": "1"}).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/confirm/{ticket.token}",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": HOST,
        "HTTP_ORIGIN": f"http://{HOST}",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    _, status, _ = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    if status != "200 OK":
        raise NotTaken(f"the POST was answered by {status}")


def by_smtplib(
    to: Relay, context: ssl.SSLContext | None, mails: list[tuple[str, str, bytes]]
) -> None:
    """The same bytes, each by a new connection."""
    for sender, recipient, data in mails:
        with smtplib.SMTP("localhost", to.port, local_hostname="localhost") as smtp:
            if context:
                smtp.starttls(context=context)
            smtp.sendmail(sender, [recipient], data)


def measure(database_url: str, to: Relay) -> tuple[float, float, float]:
    """Seconds for the POST, for its two mails by smtplib, and for its letter alone; in turn."""
    app, post = host(database_url, to)
    services: Services = app.extensions[EXTENSION]
    context = None
    if to.certificate:
        context = ssl.create_default_context(cafile=to.certificate.authority)
    ours, both, alone = [], [], []
    for number in range(WARM + ROUNDS):
        ticket = seal_a_letter(services, number)
        post.mails.clear()
        ours.append(seconds(partial(confirm, app, ticket)))
        if len(post.mails) != 2:
            raise NotTaken(f"the POST sent {len(post.mails)} mails in place of letter and receipt")
        mails = [(mail.sender, mail.recipient, mail.to_bytes()) for mail in post.mails]
        both.append(seconds(partial(by_smtplib, to, context, mails)))
        alone.append(seconds(partial(by_smtplib, to, context, mails[:1])))
    post.close()
    for database in (store_of(services).database, store_of(services).counts):
        database.close()
    # The best of each: what others do on the machine can only add to it.
    return min(ours[WARM:]), min(both[WARM:]), min(alone[WARM:])


def seconds(act: Callable[[], None]) -> float:
    """How long it takes."""
    begun = perf_counter()
    act()
    return perf_counter() - begun


def main() -> dict[str, Any]:
    """The sending POST / its mails by smtplib, on SQLite and on PostgreSQL."""
    figures: dict[str, Any] = {}
    with places() as urls, tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        for server, private in (("starttls", certificate), ("clear", None), ("fastest", None)):
            with relay(real=server != "fastest", certificate=private) as port:
                for kind, url in urls.items():
                    ours, both, alone = measure(url, Relay(port, private))
                    name = f"{server}_{kind}"
                    figures[f"{name}_post_ms"] = round(ours * 1000, 2)
                    figures[f"{name}_smtplib_ms"] = round(both * 1000, 2)
                    figures[f"{name}_to_the_letter_alone"] = round(ours / alone, 2)
                    figures[f"{name}_ratio"] = round(ours / both, 2)
    return {
        "measure": "POST that sends letter and receipt, scrypt aside / new smtplib, STARTTLS",
        "ratio": max(figures[f"starttls_{kind}_ratio"] for kind in urls),
        "at_most": AT_MOST,
        "ratio_in_the_clear": max(figures[f"clear_{kind}_ratio"] for kind in urls),
        "scrypt_ms": round(scrypt_ms(), 1),
        **figures,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
