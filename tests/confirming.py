"""What tests of the page behind the link share."""

from __future__ import annotations

from .visitor import Page

OTHER = "other@vets.example.org"


def same_page(one: Page, other: Page) -> bool:
    """Whether two pages differ in nothing but the form's own seeds, the path and what was typed."""

    def bare(page: Page) -> str:
        for seed in page.soup.select("input[name=csrf_token], input[name=code]"):
            seed["value"] = ""
        return str(page.soup).replace(page.path, "/path")

    names = {"Set-Cookie", "Content-Length"}
    heads = [{k: v for k, v in p.headers.items() if k not in names} for p in (one, other)]
    return one.status == other.status and heads[0] == heads[1] and bare(one) == bare(other)
