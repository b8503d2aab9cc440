"""Django's PostgreSQL engine, connected to the embedded server."""

from typing import Any

from django.db.backends.postgresql import base

from config import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        info = embedded.start().get_postmaster_info()
        parameters: dict[str, Any] = super().get_connection_params()
        return parameters | {"host": str(info.socket_dir or info.hostname), "port": info.port, "user": "postgres"}
