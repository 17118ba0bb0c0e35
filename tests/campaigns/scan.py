"""Looks for what people typed in everything that the server wrote."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

CANARY = "canary"
# Without its first letter, it is the same in "Canary" and "canary".
_QUICK = CANARY[1:].encode()


def tells(folder: Path) -> list[str]:
    """What a quick look finds, right after a kill, in databases, journals, logs and temp files."""
    return [
        f"canary in {file.name} after a kill" for file, data in _files(folder) if _QUICK in data
    ]


def scan(folders: Iterable[Path], secrets: Iterable[str]) -> tuple[list[str], str]:
    """Every file with a canary, or a secret, in any usual spelling; and what was looked at."""
    words, exact = _spelled(CANARY), [secret.encode() for secret in secrets]
    hits, files, size = [], 0, 0
    for file, data in (found for folder in folders for found in _files(folder)):
        files, size = files + 1, size + len(data)
        lowered = data.lower()
        if any(word in lowered for word in words) or any(one in data for one in (*words, *exact)):
            hits.append(file.name)
    looked = f"scanned {files} files, {size / 1e6:.1f} MB, for canaries and tokens"
    return hits, f"{looked}: {len(hits)} hits"


def _files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for file in sorted(folder.rglob("*")):
        with suppress(OSError):
            if file.is_file():
                yield file, file.read_bytes()


def _spelled(word: str) -> list[bytes]:
    """As text, as UTF-16, in hex, and in base64 wherever it begins."""
    found = []
    for one in (word, word.capitalize()):
        plain = one.encode()
        found += [plain, one.encode("utf-16-le"), plain.hex().encode()]
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + plain)
            # What stands beside the word changes the first and the last characters.
            found.append(coded[-(-shift * 4 // 3) : len(coded) // 4 * 4 - 4])
    return found
