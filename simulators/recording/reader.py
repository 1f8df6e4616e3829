"""Reading a recording as a stream: never the whole file in memory, never further than the first thing that is wrong.

A recorder that was killed leaves a file without its last line: that is torn, not wrong. It is read up to its last whole
line, and says so. Anything else that does not fit is a `BadRecording` with the file and the line.
"""

import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from simulators.recording.lines import End, Gap, Header, Message, read_header, read_line

_CHUNK: Final = 1 << 16
_LONGEST: Final = 8 << 20  # a recorder keeps at most 1 MiB of a payload, and JSON may need six letters for a byte
_GZIP: Final = b"\x1f\x8b"


class BadRecording(ValueError):  # noqa: N818 - a thing, as people name it
    """The file is not a recording, or not any more."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        self.path, self.line, self.why = path, line, why
        super().__init__(f"{path}:{line}: {why}")


class Recording:
    """A recording in a file; its header is read at once. Iterate to get its messages, as often as needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = ""  # after a reading: why it has no end, if it has none
        for line in _lines(path):
            self.header = self._header(line)
            return
        raise BadRecording(path, 1, "not a recording: no whole line in it")

    def __iter__(self) -> Iterator[Message | Gap]:
        """Its messages and gaps in order. Raises BadRecording, at the last line if that does not fit what came before."""
        self.torn = ""
        digest, last, number, end = sha256(), 0, 0, None
        for number, raw in enumerate(_lines(self.path), 1):
            if end is not None:
                raise BadRecording(self.path, number, "a line after the last one")
            line = self._header(raw) if number == 1 else self._line(number, raw)
            if isinstance(line, End):
                self._sealed(number, line, digest.hexdigest())
                end = line
                continue
            digest.update(raw + b"\n")
            if isinstance(line, Header):
                continue
            if line.t < last:
                raise BadRecording(self.path, number, f"time goes back: {line.t} after {last}")
            last = line.t
            yield line
        if end is None:
            self.torn = f"it has no last line: the recorder was interrupted; {max(0, number - 1)} lines could be read"

    def _header(self, raw: bytes) -> Header:
        try:
            return read_header(raw)
        except ValueError as wrong:
            raise BadRecording(self.path, 1, str(wrong)) from None

    def _line(self, number: int, raw: bytes) -> Message | Gap | End:
        try:
            return read_line(raw)
        except ValueError as wrong:
            raise BadRecording(self.path, number, f"not a line of a recording: {wrong}") from None

    def _sealed(self, number: int, end: End, digest: str) -> None:
        if end.count != number - 2:
            raise BadRecording(self.path, number, f"the end counts {end.count} lines, but {number - 2} stand above it")
        if end.sha256 != digest:
            raise BadRecording(self.path, number, "the hash does not fit: something above was changed")


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines, without their ends; what stands after the last line end is left out."""
    rest, number = b"", 1
    with path.open("rb") as file:
        try:
            for piece in _pieces(file):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line
                    number += 1
                if len(rest) > _LONGEST:
                    raise BadRecording(path, number, f"a line of more than {_LONGEST >> 20} MiB")
        except zlib.error as wrong:
            raise BadRecording(path, number, f"damaged here, it cannot be unpacked: {wrong}") from None
        except EOFError as wrong:
            raise BadRecording(path, number, str(wrong)) from None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file's text in pieces of bounded size, whether it is compressed or was unpacked. A file cut short just ends."""
    chunk = file.read(_CHUNK)
    if chunk[:2] != _GZIP:
        while chunk:
            yield chunk
            chunk = file.read(_CHUNK)
        return
    unzip = zlib.decompressobj(wbits=31)
    while chunk:
        yield unzip.decompress(chunk, _CHUNK)
        if unzip.eof:
            break
        chunk = unzip.unconsumed_tail or file.read(_CHUNK)
    yield unzip.flush()
    if unzip.eof and (unzip.unused_data or file.read(1)):
        raise EOFError("something stands after the end of the compressed recording")
