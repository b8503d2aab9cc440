"""The environment of a test run: nothing of the developer's own, and a PostgreSQL of its own that ends with it.

A pytest plugin, because the environment must stand before Django's settings are read; `tests.bench` imports it too.
"""

import os
import shutil
import tempfile

from config.environment import Environment

for name in Environment.model_fields:
    os.environ.pop(name.upper(), None)
Environment.model_config["env_file"] = None
os.environ["MODEL_TITLES"] = "false"  # one request more to the model after each first turn
os.environ["SIGN_IN_ATTEMPTS_A_MINUTE"] = "0"  # all people of all tests sign in from here
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="errand-tests-")


def end() -> None:
    """Stop the database and remove its files."""
    from config import embedded

    embedded.stop()
    shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


def pytest_unconfigure() -> None:
    end()
