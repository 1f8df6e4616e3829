"""Every refusal as problem+json (RFC 9457), by one handler. No reply carries a stack trace, an SQL text or what was sent."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.errors import Fault, MethodNotAllowed, TooLarge, Unavailable
from api.shapes import Problem
from core.errors import Invalid, NotFound, Refusal

_log = logging.getLogger("watchroom.api")
_MEDIA: Final = "application/problem+json"
_BY_STATUS: Final[Mapping[int, type[Refusal]]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 503: Unavailable}


def problem(refusal: Refusal) -> Response:
    """A refusal as a response."""
    content = {
        "type": f"urn:watchroom:{refusal.code}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "field": refusal.field,
        "data": refusal.data,
    }
    headers = {"cache-control": "no-store"}
    if "retry_after" in refusal.data:
        headers["retry-after"] = str(refusal.data["retry_after"])
    return Response(msgspec.json.encode(content), refusal.status, headers, _MEDIA)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse, for OpenAPI."""
    every = {401, 403, 422, 429, 500, 503, *statuses}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {_MEDIA: {"schema": schema}}}
        for status in sorted(every)
    }


def install(app: FastAPI) -> None:
    """Answer every error of `app` this way."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(away, _away)
    app.add_exception_handler(Exception, _fault)


def _refused(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Refusal)  # noqa: S101 - what the handler is installed for
    return problem(wrong)


def _invalid(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, RequestValidationError)  # noqa: S101
    first = wrong.errors()[0]
    where = [str(part) for part in first["loc"] if part not in {"body", "query", "path", "header", "cookie"}]
    return problem(Invalid(str(first["msg"]), field=".".join(where) or None))


def _http(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)  # noqa: S101
    if wrong.status_code in _BY_STATUS:
        answer = problem(_BY_STATUS[wrong.status_code]())
    else:
        answer = problem(Invalid("The request cannot be read."))
    for name, value in (wrong.headers or {}).items():
        answer.headers[name] = value
    return answer


def _away(request: Request, wrong: Exception) -> Response:
    _log.error("store.away path=%s error=%s", request.url.path, type(wrong).__name__)
    return problem(Unavailable(retry_after=5))


def _fault(request: Request, wrong: Exception) -> Response:
    _log.error("api.fault method=%s path=%s", request.method, request.url.path, exc_info=wrong)
    return problem(Fault())


SCHEMA: Final = Problem
