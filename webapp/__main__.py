"""Serves the app: `python -m webapp` reads the settings first, and then hands over to gunicorn.

gunicorn reads two of them by itself while it is imported, and would end with a traceback.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from .errors import WRONG_SETTINGS, SettingsError
from .settings import from_environment

_ROOT: Final = Path(__file__).parent.parent


def main() -> None:
    """Serve until told to stop; further arguments are gunicorn's own."""
    try:
        from_environment(os.environ, _ROOT / "instance")
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(WRONG_SETTINGS)
    os.chdir(_ROOT)
    from gunicorn.app.wsgiapp import WSGIApplication  # not before: it reads WEB_CONCURRENCY

    sys.argv = ["gunicorn", *sys.argv[1:], "webapp:create_app()"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


if __name__ == "__main__":
    main()
