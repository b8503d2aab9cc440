"""What a verified token says about whoever is asking."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Claims:
    """What a verified token says."""

    issuer: str
    subject: str
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    name: str = ""
    email: str = ""
    scopes: frozenset[str] = frozenset()
    is_oauth: bool = False
