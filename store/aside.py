"""SQLite's commit on a thread of its own. Writing the pages and waiting for the disk need no Python, so the next batch can
be read and decoded meanwhile.
"""

import socket
import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


class Aside:
    """The thread beside the one writing connection, and the line on which it says that a commit is over. Whoever leaves the
    transaction takes the outcome (`settle`, `drop`).
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "commit")
        self._line: tuple[socket.socket, socket.socket] | None = None  # there once it is needed
        self._sent: Future[None] | None = None

    def commit(self, conn: Connection) -> int:
        """Begin to commit. Returns the descriptor that becomes readable when that is over."""
        self._line = here, there = self._line or socket.socketpair()
        begun = threading.Semaphore(0)
        raw = cast("sqlite3.Connection", conn.connection.driver_connection)
        self._sent = self._thread.submit(_commit, raw, begun, there)
        begun.acquire()  # else it might wait for us to give way in the middle of the next batch
        return here.fileno()

    def settle(self, conn: Connection) -> None:
        """Wait for the commit that is under way, if there is one. Raises what it raised, as SQLAlchemy would."""
        sent, self._sent = self._sent, None
        if sent is None or self._line is None:
            return
        try:
            sent.result()
        except sqlite3.Error as wrong:
            raise DBAPIError.instance("COMMIT", (), wrong, sqlite3.Error, dialect=conn.dialect) from wrong
        finally:
            self._line[0].recv(1)

    def drop(self, conn: Connection) -> None:
        """The transaction is given up, whatever came of its commit."""
        with suppress(DBAPIError):
            self.settle(conn)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
        for end in self._line or ():
            end.close()


def _commit(raw: sqlite3.Connection, begun: threading.Semaphore, line: socket.socket) -> None:
    begun.release()
    try:
        raw.commit()
    finally:
        line.send(b"\0")
