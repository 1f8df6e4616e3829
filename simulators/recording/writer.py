"""Writing a recording: line by line, so that what was flushed can be read even if the writer is killed."""

import gzip
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from simulators.recording.lines import End, Gap, Header, Message, written


class Writer:
    """A recording that is being written. Left in good order it gets its last line; left by an error it stays without."""

    def __init__(self, out: BinaryIO, header: Header) -> None:
        self.header = header
        self.count = 0
        self._out = out
        self._digest = sha256()
        self._last = 0
        # no name and no time in the file: the same messages make the same bytes
        self._zip = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=out, mtime=0)
        self._put(written(header))

    def take(self, line: Message | Gap) -> None:
        """Write one line. Time never goes back in a recording: a clock that was put back stands still here."""
        if line.t < self._last:
            line = _at(line, self._last)
        self._last = line.t
        self.count += 1
        self._put(written(line))

    def flush(self) -> None:
        """Whatever was taken can be read from now on, even if we are killed."""
        self._zip.flush()
        self._out.flush()

    def end(self) -> None:
        """Seal it."""
        self._zip.write(written(End(self.count, self._digest.hexdigest())))
        self.leave()

    def leave(self) -> None:
        """Close it without its last line: torn, and readable so far."""
        self._zip.close()
        self._out.flush()

    def _put(self, line: bytes) -> None:
        self._digest.update(line)
        self._zip.write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _wrong: object, _trace: TracebackType | None) -> None:
        if kind is None:
            self.end()
        else:
            self.leave()


def write(path: Path, header: Header, lines: Iterable[Message | Gap]) -> int:
    """Write a whole recording, which is there completely or not at all; for its owner only. Returns how many lines."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with Writer(out, header) as writer:
                for line in lines:
                    writer.take(line)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return writer.count


def _at(line: Message | Gap, t: int) -> Message | Gap:
    if isinstance(line, Gap):
        return Gap(t, line.lasted, line.why)
    return Message(t, line.topic, line.payload, line.qos, line.retain, line.dup)
