"""One installation: settings, addresses, the ASGI application, the embedded database, commands that serve.

May import every app; no app imports it.
"""
