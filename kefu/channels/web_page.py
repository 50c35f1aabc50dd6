"""Serves the built chat page (``web/dist``) with headers that keep foreign code and frames out."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse, file, redirect, text

NOT_BUILT = "The chat page is not built yet: run `npm ci && npm run build` in web/, then reload.\n"


class Page:
    """The files of the page.

    Args:
        folder: Where the build puts ``index.html`` and ``assets/``.
        framed_by: Origins that may show the page in a frame, besides its own.
    """

    def __init__(self, folder: Path, framed_by: Iterable[str] = ()) -> None:
        self._folder = folder
        ancestors = " ".join(["'self'", *framed_by])
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
                f"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    async def index(self, request: Request) -> HTTPResponse:
        """The page itself; without its last slash the address is corrected, as assets are relative."""
        if not request.path.endswith("/"):
            query = f"?{request.query_string}" if request.query_string else ""
            return redirect(f"{request.path}/{query}")
        if not (self._folder / "index.html").is_file():
            return text(NOT_BUILT, status=503)
        return await self._send(request, self._folder / "index.html", "no-cache")

    async def asset(self, request: Request, name: str) -> HTTPResponse:
        """A file of the build; names carry a hash of their content, so they may be kept for ever."""
        path = (self._folder / "assets" / name).resolve()
        if path.parent != (self._folder / "assets").resolve() or not path.is_file():
            return text("There is no such file.\n", status=404)
        return await self._send(request, path, "public, max-age=31536000, immutable")

    async def _send(self, request: Request, path: Path, cache: str) -> HTTPResponse:
        headers = {**self._headers, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        packed = path.with_name(path.name + ".gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            path, headers["Content-Encoding"] = packed, "gzip"
        return await file(path, headers=headers, mime_type=kind)
