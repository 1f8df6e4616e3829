"""Blocking work beside the event loop, each in a daemon thread of its own: one that hangs keeps nobody from leaving.

A pool would make its threads wait for each other, and the interpreter wait for all of them at the end.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def beside(work: Callable[..., T], *args: object) -> T:
    """What `work(*args)` returns or raises. Giving up waiting does not stop it; it must have a time limit of its own."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, wrong: BaseException | None) -> None:
        if answer.done():
            return
        if wrong is not None:
            answer.set_exception(wrong)
        else:
            answer.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, wrong = None, None
        try:
            value = work(*args)
        except BaseException as raised:  # noqa: BLE001 - handed to whoever waits
            wrong = raised
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle, value, wrong)

    threading.Thread(target=run, name=f"notify.{getattr(work, '__name__', 'work')}", daemon=True).start()
    return await answer
