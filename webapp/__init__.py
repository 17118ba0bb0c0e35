"""Word Ahead: a letter for the moment in which somebody cannot say it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from flask import Flask
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from . import cli
from .errors import WRONG_SETTINGS, StartError
from .services import Services, wire
from .settings import OutboxFolder, Settings, from_environment
from .web import (
    check,
    common,
    confirm,
    coordinator,
    feedback,
    flood,
    outbox,
    pages,
    rounds,
    safety,
    sentences,
    someone,
    steps,
    stop,
)
from .web.cookie import AnswersCookie

ROOT: Final = Path(__file__).parent.parent
MAIL_TEMPLATES: Final = ROOT / "mail_templates"

# A person cannot type more; a script that sends more is not read to its end.
_MAX_BODY_BYTES: Final = 256 * 1024
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


def create_app(settings: Settings | None = None, **replacements: Any) -> Flask:  # noqa: ANN401
    """Wire everything together; `replacements` take the place of parts of Services by name.

    Without settings they come from the environment. Raises SettingsError, WordsError or
    TemplateError where the app must not start.
    """
    if settings is None and not _only_for_the_shell():
        with _told_once():
            return _wired(from_environment(os.environ, ROOT / "instance"), replacements)
    return _wired(settings, replacements)


@contextmanager
def _told_once() -> Iterator[None]:
    """Say on standard error why the app does not start, and have systemd not try it again."""
    try:
        yield
    except StartError as error:
        click.echo(str(error), err=True)
        error.code = WRONG_SETTINGS
        raise


def _wired(settings: Settings | None, replacements: dict[str, Any]) -> Flask:
    """The app; without settings it serves nobody, and has its shell commands alone."""
    app = Flask(
        __name__,
        instance_path=str(ROOT / "instance"),
        template_folder="web/templates",
        static_folder="web/static",
    )
    cli.init_app(app, MAIL_TEMPLATES)
    if settings is None:
        return app
    templates = replacements.pop("mail_templates", MAIL_TEMPLATES)
    services = wire(settings, templates, **replacements)
    app.extensions[common.EXTENSION] = services
    _configure(app, services)
    safety.init_app(app)
    for blueprint in (
        *(steps.bp, check.bp, someone.bp, confirm.bp, stop.bp, pages.bp),
        *(sentences.bp, feedback.bp, coordinator.bp, rounds.bp),
    ):
        app.register_blueprint(blueprint)
    if isinstance(settings.mail, OutboxFolder):
        app.register_blueprint(outbox.bp)
    flood.init_app(app, services)
    _tell_how_it_starts(app, services)
    _tell_what_is_off(app, services)
    return app


def _tell_how_it_starts(app: Flask, services: Services) -> None:
    """One line for whoever reads the log; at "warning", since less is not shown."""
    settings = services.settings
    app.logger.warning(
        "event=start version=%s step=%d demo=%s database=%s proxies=%d direct-send=%s",
        version(),
        settings.step,
        "yes" if settings.demo else "no",
        services.store.database.kind if services.store else "none",
        settings.trusted_proxies,
        settings.direct_send,
    )


def version() -> str:
    """The version of this checkout, as pyproject.toml has it."""
    file = ROOT / "pyproject.toml"
    try:
        return str(tomllib.loads(file.read_text("utf-8"))["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"


def _tell_what_is_off(app: Flask, services: Services) -> None:
    settings = services.settings
    if "," in settings.secret_key:
        # It could never stand among the fallbacks, which have commas between them.
        app.logger.warning("event=secret-key-with-comma cure=a-new-one-without-it")
    if settings.mail is not None and settings.direct_send == "off":
        reason = "DIRECT_SEND=off" if settings.database_lasts else "no-DATABASE_URL"
        app.logger.warning("event=direct-send-off reason=%s", reason)
    wall = services.wall("en")
    for name in ("mail_from", "ehlo_name", "host_name", "host_contact", "public_url"):
        if wall.is_named_in(getattr(settings, name)):
            app.logger.warning(
                "event=wall setting=%s cure=a-name-without-the-condition", name.upper()
            )


def _configure(app: Flask, services: Services) -> None:
    settings = services.settings
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=_MAX_BODY_BYTES,
        TRUSTED_HOSTS=[settings.public_host, *(_LOOPBACK if settings.demo else ())],
        # Writing may take a person all day: a form's token has no time limit.
        WTF_CSRF_TIME_LIMIT=None,
        # The Referer is not asked for; safety.py looks at Fetch Metadata and Origin.
        WTF_CSRF_SSL_STRICT=False,
        # Each form checks its own token, so that it can show the page again with everything kept.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SECRET_KEY=services.keys.key("csrf/v1").hex(),
    )
    CSRFProtect(app)
    app.session_interface = AnswersCookie(
        services.keys,
        services.library,
        settings.secure,
        now=lambda: int(app.extensions[common.EXTENSION].clock().timestamp()),
    )
    # A text that is asked for under a wrong name stops a test, and is not an empty line on a page.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals.update(common.template_globals())
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_prefix=0
        )
    health = pages.HealthByAnyName(app.wsgi_app, settings.public_url)
    app.wsgi_app = health  # type: ignore[method-assign, assignment]


def _only_for_the_shell() -> bool:
    """Whether a shell command loads the app that serves nobody, and so needs no settings."""
    context = click.get_current_context(silent=True)
    return context is not None and context.info_name != "run"
