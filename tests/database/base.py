from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

from config.embedded.base import DatabaseWrapper as EmbeddedWrapper

IN_ANY_ORDER = "SET LOCAL session_replication_role = replica"
DELETION = "DELETE FROM {}"


class Operations(DatabaseOperations):
    def sql_flush(self, style: Any, tables: Sequence[str], **how: bool) -> list[str]:
        """Return SQL that empties tables: TRUNCATE, as Django has it, makes the files of all of them anew."""
        return ["; ".join([IN_ANY_ORDER, *(DELETION.format(self.quote_name(table)) for table in tables)])]


class DatabaseWrapper(EmbeddedWrapper):
    ops_class = Operations
