"""
Files on their way in: `POST /uploads`, multipart/form-data with one file, from whoever may use the API. Mutations then
name them: attachments of an e-mail, a list of clients to import.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing

import orjson
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from graph.context import Context
from graph.engine.transport import Call, RequestCode, RequestError
from graph.engine.transport.call import request_id_of
from graph.engine.transport.errors import Answer, refusal
from graph.engine.transport.origin import CookieGuard
from graph.ids import Kind, global_id
from models import upload
from models.viewer import ApiScope, Viewer

MB = 1024 * 1024
LARGEST, LARGEST_CSV = 25 * MB, 20 * MB
AROUND = 64 * 1024
"""Bytes of a body beside the file: the boundaries, and what stands above the part."""
SECONDS = 300.0
COST = 100  # of what a person may ask for in a minute
FORM = "Send one file as multipart/form-data: one part with a file name, and nothing beside it."


class Form(MultiPartParser):
    """A form with exactly one file."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.headers, _bounded(request), max_files=1, max_fields=0)

    def close(self) -> None:
        """Also deletes a file that came only in part, which nobody else knows of."""
        for file in self._files_to_close_on_error:
            file.close()


def uploading(
    guard: CookieGuard, context_of: Callable[[Call], Awaitable[Context]]
) -> Callable[..., Awaitable[Response]]:
    """The endpoint. Signed in as for the API: a token, or a cookie with the header `X-Switchboard: 1`."""

    async def respond(request: Request) -> Response:
        """201 with `id`, `name`, and `size` in bytes; else `errors`, as the API tells them, and the status of each."""
        request_id = request_id_of(request)
        try:
            guard.check_request(request)
            context = await context_of(Call(request, request_id, request.headers.get("authorization")))
            return _json(await _kept(request, context), 201, request_id)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:
            return _refused(refusal(error, request_id=request_id), request_id)

    return respond


def _refused(answer: Answer, request_id: str) -> Response:
    response = _json(answer.body, answer.status, request_id)
    response.headers.update(answer.retry_after)
    return response


def _json(body: object, status: int, request_id: str) -> Response:
    headers = {"Cache-Control": "no-store", "X-Request-Id": request_id}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


async def _kept(request: Request, context: Context) -> dict[str, object]:
    viewer = _team(context)
    form = Form(request)
    with context.budget.place(viewer.session_id, subscribes=False), closing(form):
        context.budget.charge(viewer, COST)
        file = await _received(form)
        new = upload.NewUpload(file.filename or "", _kind(file), file.size or 0)
        upload_id = await upload.keep(viewer, new, file.file)
    return {"id": global_id(Kind.UPLOAD, upload_id), "name": new.name, "size": new.size}


def _team(context: Context) -> Viewer:
    """The colleague who asks. Raises RequestError for nobody, a client, and a token that may not change anything."""
    viewer = context.viewer
    if viewer is None:
        raise RequestError(RequestCode.UNAUTHENTICATED, "Sign in first.")
    if not isinstance(viewer, Viewer):
        raise RequestError(RequestCode.FORBIDDEN, "Only the firm's team may do this.")
    if viewer.scopes is not None and ApiScope.WRITE not in viewer.scopes:
        raise RequestError(RequestCode.FORBIDDEN, "This API token lacks the scope WRITE for that.")
    return viewer


async def _received(form: Form) -> UploadFile:
    """Into a temporary file, which is gone once it is closed. Raises RequestError, ClientDisconnect."""
    if not form.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(RequestCode.UNSUPPORTED_MEDIA_TYPE, FORM)
    try:
        async with asyncio.timeout(SECONDS):
            parts = (await form.parse()).multi_items()
    except TimeoutError:
        raise RequestError(RequestCode.LIMIT_EXCEEDED, f"The file took longer than {SECONDS:.0f} seconds.") from None
    except MultiPartException:
        raise RequestError(RequestCode.BAD_REQUEST, FORM) from None
    file = next((part for _, part in parts if isinstance(part, UploadFile)), None)
    if file is None:
        raise RequestError(RequestCode.BAD_REQUEST, FORM)
    if (file.size or 0) > (most := LARGEST_CSV if _is_csv(file) else LARGEST):
        raise _too_large(most)
    return file


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    most = LARGEST + AROUND
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise _too_large(LARGEST)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise _too_large(LARGEST)
        yield piece


def _is_csv(file: UploadFile) -> bool:
    return _kind(file) == "text/csv" or (file.filename or "").lower().endswith(".csv")


def _kind(file: UploadFile) -> str:
    kind = (file.content_type or "").partition(";")[0].strip().lower()[:255]
    return kind if kind.isascii() and kind.isprintable() and kind else "application/octet-stream"


def _too_large(most: int) -> RequestError:
    return RequestError(RequestCode.PAYLOAD_TOO_LARGE, f"A file may have at most {most // MB} MB; a CSV file, 20 MB.")
