"""Which files an entry attaches, read from its bytes."""

import msgspec


class File(msgspec.Struct):
    """A file as an entry names it."""

    sha256: str
    name: str


class _Files(msgspec.Struct):
    attachments: list[File] = []


class _Attaches(msgspec.Struct):
    data: _Files


_decode = msgspec.json.Decoder(_Attaches).decode


def files_of(body: bytes) -> list[File]:
    """The files that an entry attaches."""
    return _decode(body).data.attachments if b'"attachments":[{' in body else []


def named(body: bytes) -> list[str]:
    """Their hashes."""
    return [file.sha256 for file in files_of(body)]
