"""The ways in: REST, MCP, widgets, export, mentions. They call `tasks.rules` and `tasks.queries`."""
