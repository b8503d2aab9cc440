"""Documents: reading them into passages, finding passages. May import `core` and `accounts`."""
