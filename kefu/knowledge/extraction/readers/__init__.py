"""Files of manuals as documents; nothing in them is executed or fetched."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from kefu.knowledge.extraction.documents import Builder, Document, DocumentError
from kefu.knowledge.extraction.readers import docx, lines, page, pdf, sheet

#: Larger files are refused before they are opened.
MAX_BYTES = 200_000_000

_READERS: dict[str, Callable[[Path, Builder], None]] = {
    ".md": lines.read_markdown, ".markdown": lines.read_markdown, ".txt": lines.read_plain,
    ".docx": docx.read, ".pdf": pdf.read, ".html": page.read, ".htm": page.read, ".csv": sheet.read,
}  # fmt: skip


def read(path: Path) -> Document:
    """Reads a manual; its ending says in what format it is.

    Raises:
        DocumentError: It is missing, huge, broken, scanned or of an unknown format.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DocumentError(f"{path.name}: is none of {', '.join(sorted(_READERS))}")
    builder = Builder(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(f"{path.name}: has more than {MAX_BYTES // 1_000_000} MB")
        reader(path, builder)
    except DocumentError as error:
        raise _naming(path, error) from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DocumentError(f"{path.name}: can't be read: {error}") from error
    return builder.build()


def _naming(path: Path, error: DocumentError) -> DocumentError:
    message = str(error)
    return DocumentError(message if message.startswith(path.name) else f"{path.name}: {message}")
