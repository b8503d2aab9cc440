"""The ways in: REST, MCP, export, mentions."""
