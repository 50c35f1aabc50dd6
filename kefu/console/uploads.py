"""Files that the page sends: the request's body is the file, its name stands in the query."""

from __future__ import annotations

from fastapi import Depends, Request

from kefu.console.refusals import Refusal

MAX_BYTES = 20_000_000


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            raise Refusal(413, "too_large", f"A file may have {MAX_BYTES // 1_000_000} MB.", "file")
        parts.append(part)
    if not size:
        raise Refusal(422, "empty", "The file is empty.", "file")
    return b"".join(parts)


def upload():
    """The file, as the default value of a route's parameter; stands behind the permission."""
    return Depends(_body)
