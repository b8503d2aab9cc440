"""Django's sessions in the database, each with its user: so that people see where they are signed in."""

import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts.models import Session

# The keys under which a session keeps the name of its browser and the time it began.
AGENT, BEGAN_AT = "agent", "began_at"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = super().create_model_instance(data)
        assert isinstance(session, Session)
        session.user_id, session.agent = data.get(SESSION_KEY), data.get(AGENT, "")
        if began_at := data.get(BEGAN_AT):  # the row is written anew with each change
            session.created_at = datetime.datetime.fromisoformat(began_at)
        return session
