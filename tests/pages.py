"""A page as it was answered, read as a browser and a person read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bs4 import BeautifulSoup, Tag

SLOT = "your email address"


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    status: int
    path: str
    headers: Mapping[str, str]
    html: str = field(repr=False)

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page's elements."""
        # Where a long address may break is nothing that a person reads.
        return BeautifulSoup(self.html.replace("<wbr>", ""), "lxml")

    @property
    def text(self) -> str:
        """What can be read, each stretch of white space as one space."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def title(self) -> str:
        """The title in the browser's tab."""
        return self.soup.title.get_text() if self.soup.title else ""

    @property
    def heading(self) -> str:
        """The first thing a person reads."""
        found = self.soup.find("h1")
        return found.get_text(" ", strip=True) if found else ""

    def form(self, action: str, *names: str) -> Tag:
        """The form that posts to a path; of several, the one with a field or button so named."""
        found = [f for f in self.soup.find_all("form", method="post") if f["action"] == action]
        assert found, f"{self.path} has no form for {action}"
        return next(
            (f for f in found if any(f.select_one(f'[name="{n}"]') for n in names)), found[0]
        )

    def letter(self) -> str:
        """The letter that the page shows."""
        found = self.soup.find("article", class_="letter")
        return " ".join(found.get_text(" ").split()) if found else ""

    def letter_to(self, address: str) -> str:
        """The letter as it will be sent: the address where the page keeps its place."""
        return self.letter().replace(SLOT, address).replace(f"{address} .", f"{address}.")

    def token(self) -> str:
        """The form token of this page."""
        return dict(fields_of(self.form("/deleted")))["csrf_token"]

    def error_at(self, name: str) -> str:
        """The sentence beside a field."""
        found = self.soup.find(id=f"{name}-error")
        return found.get_text(" ", strip=True) if found else ""

    def summary(self) -> dict[str, str]:
        """The errors at the top: the sentence of each, by what it links to."""
        links = self.soup.select("#summary a")
        return {str(a["href"]).removeprefix("#"): a.get_text(" ", strip=True) for a in links}

    def ids(self) -> set[str]:
        """Every id on the page."""
        return {str(one["id"]) for one in self.soup.find_all(id=True)}


def fields_of(form: Tag) -> list[tuple[str, str]]:
    """What a browser posts for a form, its buttons aside."""
    pairs = []
    for one in form.find_all(["input", "textarea"]):
        name, kind = one.get("name"), one.get("type", "text")
        if not name or (kind in ("radio", "checkbox") and not one.has_attr("checked")):
            continue
        # A textarea's first line break belongs to the page's source.
        value = one.get_text().removeprefix("\n") if one.name == "textarea" else one.get("value")
        pairs.append((str(name), str(value or "")))
    for one in form.select("select[name]"):
        chosen = one.select_one("option[selected]") or one.select_one("option")
        pairs += [(str(one["name"]), str(chosen["value"]))] if chosen else []
    return pairs
