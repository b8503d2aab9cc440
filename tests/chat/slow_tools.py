"""A tool server whose tool takes its time and says how far it is; tests let it go on."""

import threading

from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

server = MCPServer("slow")
may_end = threading.Event()


@server.tool("count_sheep", title="Count sheep")
async def count_sheep(context: Context) -> str:
    """Count sheep until somebody has heard of it."""
    await context.report_progress(1, 2, "One sheep")
    await to_thread.run_sync(may_end.wait)
    return "Two sheep."
