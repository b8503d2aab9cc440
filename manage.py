#!/usr/bin/env python
import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # The data directory decides the database and the secret key, and the port the address that this server tells of
    # itself, so they must be known before the settings are read: by this process, and by those that it starts.
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--data-dir", type=Path)
    early.add_argument("--port")
    given = early.parse_known_args()[0]
    if given.data_dir:
        os.environ["DATA_DIR"] = str(given.data_dir.resolve())
    if given.port:
        os.environ["PORT"] = given.port

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
