"""Everything that can go wrong, each in one sentence."""

from typing import Final


class WordAheadError(Exception):
    """The root of all errors of this project."""


# How a start ends that no later one would mend (sysexits.h, EX_CONFIG): systemd does not try again.
WRONG_SETTINGS: Final = 78


class StartError(WordAheadError, SystemExit):
    """The app does not start.

    Also a SystemExit: gunicorn and `flask run` then end with this one line, not with a traceback
    in which a setting's value could stand.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        # What SystemExit prints; its own __init__ is not the one that runs here.
        self.code = sentence


class SettingsError(StartError):
    """Settings are missing or cannot be used: a line for each, which never says its value."""


class WordsError(StartError):
    """The words cannot be used; names file and key."""


class TemplateError(StartError):
    """A mail template cannot be used; names file and line."""


class Busy(WordAheadError):
    """Too many do the same at this moment; nothing was begun, and a press later may go through."""


class MailRefused(WordAheadError):
    """The header guard let this mail not out; holds nothing that was typed."""


class AnswersError(WordAheadError):
    """An answer cannot be used; holds the sentence for the person, and the field it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
