"""The built pages, served as files: the console at `/`, the guard's phone at `/guard/`; a page that says how to build them
when they are missing.
"""

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_FOREVER: Final = "public, max-age=31536000, immutable"
_PHONE: Final = "guard"
# The phone reads codes and takes pictures; no other page of ours needs a camera.
_PHONE_MAY: Final = "camera=(self), geolocation=(), microphone=()"
_MISSING: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>值班室 Watchroom</title></head>
<body><h1>值班室 Watchroom</h1>
<p lang="zh-CN">服务器正在运行，但控制台页面尚未构建。请在源码目录运行 <code>make web</code>，然后刷新本页。</p>
<p lang="en">The server runs, but its console has not been built. Run <code>make web</code> in the source tree, then reload.</p>
</body></html>
"""


class PagesMount(Mount):
    """Everything that is not the API's. What the API does not have stays its own refusal."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__("/", Pages(folder), name="pages")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave `/api/` and `/metrics` alone."""
        path = scope.get("path", "")
        if path == "/metrics" or path.startswith("/api/"):
            return Match.NONE, {}
        return super().matches(scope)


class Pages:
    """Files of the build; any other path is the console's own page, or the phone's, which know their routes."""

    def __init__(self, folder: Path | None) -> None:
        self._index = folder / "index.html" if folder is not None else None
        self._phone = folder / _PHONE / "index.html" if folder is not None else None
        self._files = StaticFiles(directory=folder) if folder is not None and folder.is_dir() else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405)
        answer = await self._answer(scope)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        path = Request(scope).url.path.lstrip("/")
        if self._files is None or self._index is None or not self._index.is_file():
            return HTMLResponse(_MISSING, 503)
        if path:
            try:
                found = await self._files.get_response(path, scope)
            except HTTPException as wrong:
                if wrong.status_code != 404 or "." in path.rpartition("/")[2]:
                    raise
            else:
                kept = path.startswith(("assets/", f"{_PHONE}/assets/"))
                found.headers["cache-control"] = _FOREVER if kept else "no-cache"
                if path == f"{_PHONE}/index.html":  # what the phone keeps of itself keeps what it may, too
                    found.headers["permissions-policy"] = _PHONE_MAY
                return found
        if self._phone is not None and path.partition("/")[0] == _PHONE and self._phone.is_file():
            return FileResponse(self._phone, headers={"cache-control": "no-cache", "permissions-policy": _PHONE_MAY})
        return FileResponse(self._index, headers={"cache-control": "no-cache"})
