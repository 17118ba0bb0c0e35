"""The host's hour knows every command of docs/hosting.md, and types each as it stands there."""

import re

import pytest

from .hosts_hour import BLOCKS, DOCUMENT, STEPS, blocks

TEXT = DOCUMENT.read_text("utf-8")


def test_every_block_of_commands_in_the_document_is_known() -> None:
    assert blocks(TEXT).keys() == BLOCKS.keys()


def test_a_block_of_commands_that_nobody_tries_is_seen() -> None:
    with pytest.raises(AssertionError, match="an unknown block"):
        blocks(f"{TEXT}\n```\nsystemctl mask word-ahead\n```\n")


def test_a_block_of_commands_that_is_gone_is_missed() -> None:
    with pytest.raises(AssertionError, match="no commands for"):
        blocks(re.sub(r"```\napt-get install -y caddy\n[^`]*```\n", "", TEXT))


def test_every_block_but_that_of_the_containers_is_typed() -> None:
    source = "".join(step.__code__.co_consts.__repr__() for step in STEPS)
    assert {name for name in BLOCKS if f"'{name}'" not in source} == {"containers"}
