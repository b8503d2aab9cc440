"""The contract between the chat and tool servers: previews, metadata of results, what a replay restores.

May import `core`.
"""
