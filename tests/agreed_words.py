"""Words that a made-up group agreed to, sentence by sentence."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from webapp.letter.words import Words, load

from .builders import MAIL_TEMPLATES

CIRCLE = "Example Circle"
AGREED = f'agreed = {{ by = "{CIRCLE}", on = 2027-03-02, for = 7, against = 1, round = 2 }}'
FOLDERS = ("situations", "statements")
FILES = ("frame.toml", "rights.toml")


def agree_to_all(words: Path, agreed: str = AGREED) -> None:
    """As if a group had adopted every sentence of every file of letters."""
    english = words / "en"
    files = [file for folder in FOLDERS for file in (english / folder).glob("*.toml")]
    for file in (*files, *(english / name for name in FILES)):
        text = file.read_text("utf-8")
        text = re.sub(r'(?m)^(them = ".*)$', rf"\1\n{agreed}", text)
        text = re.sub(r"(?m)^(  \{ label = .*?)( \},)$", rf"\1, {agreed}\2", text)
        text = re.sub(r'(?m)^(label = "“.*\nbody = .*)$', rf"\1\n{agreed}", text)
        file.write_text(text, "utf-8")


@cache
def agreed_english() -> Words:
    """The English words, all agreed to."""
    with tempfile.TemporaryDirectory(prefix="word-ahead-agreed-") as folder:
        words = Path(folder) / "words"
        shutil.copytree(MAIL_TEMPLATES / "words", words)
        agree_to_all(words)
        return load(words).words("en")
