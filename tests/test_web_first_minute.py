"""What a browser, a phone or a chat asks for around the pages; and the demo's newest mail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from webapp.post.outbox import OutboxPost
from webapp.settings import OutboxFolder

from .mails import make_mail
from .visitor import DEMO, PRODUCTION, PUBLIC, Visitor, app_for, make_app, visitor


def test_the_picture_is_there_by_its_old_name_too() -> None:
    emma = visitor()
    answer = emma.client.get("/favicon.ico", base_url=emma.base)
    assert answer.status_code == 200
    # An icon file's first six bytes: one picture follows.
    assert answer.data[:6] == bytes((0, 0, 1, 0, 1, 0))


def test_the_manifest_is_found_from_the_start_and_tells_nothing_of_health() -> None:
    emma = Visitor(app_for(PRODUCTION), PUBLIC).opens("/")
    link = emma.page.soup.select_one("link[rel=manifest]")
    assert link
    with emma.client.get(str(link["href"]), base_url=PUBLIC) as answer:
        text = answer.get_data(as_text=True)
    manifest = json.loads(text)
    assert answer.content_type.startswith("application/json")
    assert (manifest["name"], manifest["start_url"]) == ("Word Ahead", "../")
    assert "mutism" not in text.lower()
    for icon in manifest["icons"]:
        with emma.client.get(f"/static/{icon['src']}", base_url=PUBLIC) as picture:
            assert picture.status_code == 200


def test_the_outbox_shows_the_newest_mail_by_itself(tmp_path: Path) -> None:
    post = OutboxPost(tmp_path)
    emma = Visitor(make_app(replace(DEMO, mail=OutboxFolder(tmp_path))))
    assert "No mail yet." in emma.opens("/outbox").page.text
    for subject in ("The first", "The second"):
        post.send(make_mail(subject=subject))
    frames = emma.opens("/outbox").page.soup.select("iframe")
    assert len(frames) == 1
    assert emma.page.soup.h2.get_text() == "The second"  # type: ignore[union-attr]
    assert emma.client.get(str(frames[0]["src"]), base_url=emma.base).status_code == 200
