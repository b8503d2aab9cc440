"""People: their tokens and sessions, the built-in issuer, and who acts in their name. May import `core`."""
