"""Bytes of text files as text."""

from __future__ import annotations

from pathlib import Path

from kefu.knowledge.extraction.documents import DocumentError

#: What Chinese text files come in; GB 18030 holds GBK and GB 2312.
_ENCODINGS = ("utf-8-sig", "gb18030")


def decoded(path: Path) -> str:
    """The text of a file.

    Raises:
        DocumentError: It is neither UTF-8 nor GB 18030, or no text at all.
    """
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\x00" in data:
        raise DocumentError("is no text")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentError("is neither UTF-8 nor GB 18030")
