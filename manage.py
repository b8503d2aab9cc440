#!/usr/bin/env python
import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # The data directory decides the database and the secret key, so it must be known before the settings are read.
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--data-dir", type=Path)
    if data_dir := early.parse_known_args()[0].data_dir:
        os.environ["DATA_DIR"] = str(data_dir.resolve())

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
