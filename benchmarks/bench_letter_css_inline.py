"""Answers to the bytes of a mail, against css-inline, the fastest other inliner."""

import json
import sys
from typing import Any

from css_inline import CSSInliner

from .bench_letter import compare


def main() -> dict[str, Any]:
    """Compare with css-inline."""
    inliner = CSSInliner(load_remote_stylesheets=False)
    return compare("css-inline", inliner.inline, at_least=3)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
