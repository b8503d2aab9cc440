"""Live updates: a message reaches every page that a person has open, through `/ws/tasks` (`config.live_socket`)."""

import asyncio
from typing import Any

from channels.layers import get_channel_layer

from core.sections import asking_loop


def group(user_id: int) -> str:
    """Return the name of the channel layer's group that a user's pages listen to."""
    return f"tasks.{user_id}"


async def tell(user_id: int, message: dict[str, Any]) -> None:
    """Tell a user's open pages something; the message's `type` names a handler of `config.live_socket.LiveSocket`."""
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group(user_id), message)


def tell_from_section(user_id: int, message: dict[str, Any]) -> None:
    """Do the same from synchronous code, on the server's event loop where there is one.

    Nothing waits for it: after a client has gone away, the loop may itself be waiting for this thread.
    """
    if loop := asking_loop():
        asyncio.run_coroutine_threadsafe(tell(user_id, message), loop)
    else:
        asyncio.run(tell(user_id, message))
