"""The embedded PostgreSQL, as an engine that empties tables quickly after a test."""
