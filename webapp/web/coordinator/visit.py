"""A coordinator who has typed the right code, and their round as it stands at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import request
from werkzeug.wrappers import Response

from ...delivery.rounds import Coordinator
from ...group.round import Round
from ...store.opening import Store
from ...store.waiting import OpenedLetter
from ..common import page, words


@dataclass(frozen=True)
class Visit:
    """What every page of theirs is made of."""

    store: Store
    opened: OpenedLetter = field(repr=False)
    who: Coordinator = field(repr=False)
    token: str = field(repr=False)
    code: str = field(repr=False)
    round: Round | None = field(repr=False)
    is_open: bool

    @classmethod
    def of(cls, store: Store, opened: OpenedLetter, token: str, code: str) -> Visit:
        """The round as it is stored now. Raises DatabaseUnavailable."""
        who = Coordinator.unpack(opened.payload)
        held = store.rounds.read(who.root)
        round_ = Round.read(held.state) if held else None
        return cls(store, opened, who, token, code, round_, bool(held and held.is_open))

    def again(self) -> Visit:
        """The same visit after something has changed."""
        return Visit.of(self.store, self.opened, self.token, self.code)

    @property
    def runs(self) -> bool:
        """Whether there are ballots, open or waiting to be counted."""
        return self.round is not None and not self.round.is_counted

    @property
    def before(self) -> Round | None:
        """The round whose open texts the next one asks about, where that was pressed."""
        goes_on = request.form.get("goes_on") == "yes"
        return self.round if goes_on and self.round and self.round.may_go_on else None

    def shows(self, template: str, status: int = 200, **values: object) -> Response:
        """A page of theirs; its forms take link and code along."""
        known = {"visit": self, "round": self.round, "group": words().texts["group"]}
        return page(f"group/{template}.html", status, **({"told": ""} | known | values))
