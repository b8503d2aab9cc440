from django.apps import AppConfig


class Config(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  # it registers them


class Daphne(AppConfig):
    """Daphne's `runserver`, without what its own app does: that loads Twisted into every command.

    It does so early because another package might set Twisted up otherwise; here is no other that uses it.
    """

    name = "daphne"
    default = False
