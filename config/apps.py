from django.apps import AppConfig


class Config(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  # it registers them


class Daphne(AppConfig):
    """Daphne's `runserver`, without what its own app does: that loads Twisted into every command.

    Daphne does so early, in case another package sets Twisted up differently; no other package here uses it.
    """

    name = "daphne"
    default = False
