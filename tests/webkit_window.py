#!/usr/bin/python3
"""A bare WebKitGTK window of a phone's width, for WebKitWebDriver to drive: iPhones' engine.

It runs in the system's own Python, with Debian's gir1.2-webkit2-4.1. The environment may say
NO_SCRIPT=1. MiniBrowser, which comes with the driver, cannot be as narrow as a phone.
"""

import os
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

WIDTH, HEIGHT = 390, 844

context = WebKit2.WebContext.new_ephemeral()
context.get_website_data_manager().set_tls_errors_policy(WebKit2.TLSErrorsPolicy.IGNORE)
context.set_automation_allowed(True)


def view(_session: Any) -> Any:  # GObject has no types
    """A window with an empty page."""
    settings = WebKit2.Settings()
    settings.set_enable_javascript(not os.environ.get("NO_SCRIPT"))
    settings.set_enable_page_cache(True)
    page = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    window = Gtk.Window()
    window.set_default_size(WIDTH, HEIGHT)
    window.add(page)
    window.show_all()
    page.connect("close", lambda *_: window.destroy())
    return page


def started(_context: Any, session: Any) -> None:
    """The driver is here: say who we are, and open windows for it."""
    info = WebKit2.ApplicationInfo()
    info.set_name("MiniBrowser")
    session.set_application_info(info)
    session.connect("create-web-view", view)


context.connect("automation-started", started)
Gtk.main()
