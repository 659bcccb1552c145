"""
One-click unsubscribing, which mail programs do by themselves (RFC 8058): a POST to the link of `List-Unsubscribe`, with
no cookie, no header of ours and no redirect. The same POST again changes nothing and gets the same answer.
"""

import email
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from graph.engine.transport import RequestCode, RequestError
from graph.engine.transport.call import request_id_of
from graph.engine.transport.errors import refusal
from graph.engine.transport.request import body_of
from models import unsubscribe
from models.ground.network import network_of

COST = 10  # of what a network may ask for in a minute: as a short document of GraphQL
MOST = 4_096  # bytes of a body; multipart/form-data with a long boundary has some 300
ONE_CLICK = [("List-Unsubscribe", "One-Click")]
DONE = "You will get no more of these e-mails.\n"


async def one_click(request: Request) -> Response:
    """200, also if done before. Else 400 (another body), 404 (no such link), 413, 429, 503, in plain words."""
    try:
        await _unsubscribe(request)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except Exception as error:
        answer = refusal(error, request_id=request_id_of(request))
        return _answer(f"{answer.body['errors'][0]['message']}\n", answer.status, answer.retry_after)
    return _answer(DONE)


async def _unsubscribe(request: Request) -> None:
    caller = request.client.host if request.client else ""
    request.app.state.budget.charge_stranger(network_of(caller), COST)
    if _fields(request.headers.get("content-type", ""), await body_of(request, max_bytes=MOST)) != ONE_CLICK:
        words = "POST `List-Unsubscribe=One-Click` as a form here (RFC 8058), or open the link in a browser."
        raise RequestError(RequestCode.BAD_REQUEST, words)
    await unsubscribe.change(request.path_params["token"])


def _answer(words: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(words, status, headers={"Cache-Control": "no-store", **(headers or {})})


def _fields(content_type: str, body: bytes) -> list[tuple[object, object]]:
    """The fields of a form, in either encoding that RFC 8058 allows; empty: it is no form."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return [*parse_qsl(body.decode("latin-1"), keep_blank_values=True)]
    if media_type != "multipart/form-data":
        return []
    form = email.message_from_bytes(b"Content-Type: %b\r\n\r\n%b" % (content_type.encode("latin-1"), body))
    parts = form.get_payload() if form.is_multipart() else []
    return [_field(part) for part in parts if isinstance(part, email.message.Message)]


def _field(part: "email.message.Message") -> tuple[object, object]:
    value = part.get_payload(decode=True)
    return part.get_param("name", header="content-disposition"), value.decode(errors="replace") if isinstance(
        value, bytes
    ) else None
