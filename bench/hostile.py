"""What a stranger can send: at least sixty requests that somebody made up to cost more than they look."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SIGN_IN = "mutation($i: SignInInput!) { signIn(input: $i) { token } }"
WHO = {"email": "a@b.test", "password": "x"}
MEGABYTE = 990_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request of HTTP, or where `frames` are given what is sent on a socket after its handshake."""

    name: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    target: str = "/graphql"
    method: str = "POST"
    frames: tuple[str, ...] = ()


PLAIN = Hostile("a plain request", json.dumps({"query": "{ viewer { __typename } }"}).encode())


def everything() -> list[Hostile]:
    return [*_documents(), *_variables(), *_bodies(), *_headers(), *_urls(), *_frames()]


def _asked(name: str, document: str, variables: Any = None) -> Hostile:
    return Hostile(name, json.dumps({"query": document, "variables": variables}).encode())


def _documents() -> Iterator[Hostile]:
    return (_asked(name, document) for name, document in DOCUMENTS.items())


def _words(count: int, letters: int = 20) -> str:
    return " ".join(("abcdefghij" * 3)[n % 10 : n % 10 + letters] + f"{n}" for n in range(count))


def _numbered(count: int, piece: str, between: str = " ") -> str:
    return between.join(piece.replace("#", str(n)) for n in range(count))


DOCUMENTS = {
    "a hundred unknown mutations": "mutation{" + _words(100) + "}",
    "400 unknown fields": "{" + _words(400) + "}",
    "unknown fields deep down": "{viewer{... on TeamMember{" + _words(300) + "}}}",
    "90 unknown fields of an input": "mutation{signIn(input:{" + _numbered(90, "a#:1") + "}){token}}",
    "320 unknown fields of an input": "mutation{signIn(input:{" + _numbered(320, "a#:1") + "}){token}}",
    "15 inputs of 20 unknown fields": "mutation{"
    + _numbered(15, "a#:signIn(input:{" + _numbered(20, "b#x:1") + "}){token}")
    + "}",
    "unknown arguments": "{viewer(" + _numbered(300, "a#:1") + "){id}}",
    "one unknown argument of each of many fields": "{" + _numbered(30, "a#:viewer(email:1){id}") + "}",
    "unknown directives": "{viewer " + _numbered(50, "@a#") + "{id}}",
    "more directives than may be": "{viewer " + _numbered(400, "@a#") + "{id}}",
    "the same directive": "{viewer " + "@skip(if:false)" * 45 + "{id}}",
    "directives of variables": "query(" + _numbered(200, "$a#:Int@b") + "){viewer{id}}",
    "unknown types of variables": "query(" + _numbered(240, "$a#:B#") + "){viewer{id}}",
    "unused variables": "query(" + _numbered(240, "$a#:Int") + "){viewer{id}}",
    "undefined variables": "{" + _numbered(30, "a#:invitationOffer(token:$b#){id}") + "}",
    "defaults of the wrong type": "query(" + _numbered(150, '$a#:Int="x"') + "){viewer{id}}",
    "variables of one name": "query(" + "$a:Int " * 240 + "){viewer{id}}",
    "unknown fragments": "{" + _numbered(300, "...A#") + "}",
    "unused fragments": "{viewer{id}}" + _numbered(120, "fragment A# on Query{__typename}"),
    "fragments of one name": "{viewer{id}}" + "fragment A on Query{__typename}" * 120,
    "fragments of unknown types": "{...A0}" + _numbered(120, "fragment A# on B#{id}"),
    "fragments that go round": "{...A0}"
    + "".join(f"fragment A{n} on Query{{...A{(n + 1) % 100}}}" for n in range(100)),
    "fragments that double": "{...A0}"
    + "".join(f"fragment A{n} on Query{{...A{n + 1} ...A{n + 1}}}" for n in range(80))
    + "fragment A80 on Query{__typename}",
    "fragments that cannot be spread": "{viewer{" + _numbered(150, "...on Account{id}") + "}}",
    "operations of one name": "query A{__typename}" * 150,
    "operations without a name": "{__typename}" * 200,
    "a field said often": "{" + "viewer{id}" * 60 + "}",
    "fields that do not go together": "{" + " ".join(f"a:viewer{{b:{n}}}" for n in ("id", "__typename")) * 20 + "}",
    "arguments that differ": "{" + _numbered(60, 'invitationOffer(token:"#"){firmName}') + "}",
    "leaves without leaves": "{" + _numbered(30, "a#:viewer") + " __typename{a}" * 100 + "}",
    "a list in a list": "{invitationOffer(token:" + "[" * 450 + "]" * 450 + "){id}}",
    "an object in an object": "mutation{signIn(input:" + "{a:" * 300 + "1" + "}" * 300 + "){token}}",
    "a list of wrong values": "mutation{signIn(input:{session:[" + "x " * 900 + "]}){token}}",
    "a text for an object": 'mutation{signIn(input:"' + "x" * 16_000 + '"){token}}',
    "a number of 16,000 digits": "{viewer(first:" + "9" * 16_000 + "){id}}",
    "escapes": '{invitationOffer(token:"' + "\\u0041" * 2_600 + '"){id}}',
    "an escape without an end": '{invitationOffer(token:"\\u{' + "1" * 16_000,
    "a block of blank lines": '{invitationOffer(token:"""' + " \n" * 8_000 + '"""){id}}',
    "a block of quotes": '{invitationOffer(token:"""' + '\\"""' * 4_000 + '"""){id}}',
    "a text without an end": '{invitationOffer(token:"' + "x" * 16_000,
    "comments": "{viewer{id}}" + "#\n" * 8_000,
    "commas": "{viewer{id}}" + "," * 16_000,
    "more than may be parsed": "{" + "a " * 400_000 + "}",
    "a name of 16,000 letters": "{" + "a" * 16_000 + "}",
    "a name near a known one": "mutation{" + _numbered(90, "requestPasswordResetx#") + "}",
    "a document that is a schema": _numbered(150, "type A#{a:Int}"),
    "subscriptions with many roots": "subscription{" + _numbered(200, "a#") + "}",
    "introspection": "{__schema{types{fields{type{fields{name}}}}}}",
    "what needs a session, often": "{" + _numbered(30, "a#:firm{name}") + "}",
    "public fields, often": "{" + _numbered(30, 'a#:invitationOffer(token:"#"){__typename}') + "}",
    "page sizes": "{accounts(first:100){nodes{contacts{contact{accounts(first:100){nodes{id}}}}}}}",
}


def _variables() -> Iterator[Hostile]:
    values: dict[str, Any] = {
        "unknown keys": WHO | {f"a{n}": 1 for n in range(95)},
        "far more unknown keys": {f"a{n}": 1 for n in range(60_000)},
        "a key of 900,000 letters": WHO | {"a" * 900_000: 1},
        "long keys": WHO | {f"{n}" + "a" * 9_000: 1 for n in range(90)},
        "10,000 wrong enum values": WHO | {"session": ["x"] * 10_000},
        "a wrong enum value of 900,000 letters": WHO | {"session": "x" * 900_000},
        "an e-mail address of 900,000 letters": WHO | {"email": "a" * 900_000 + "@b.test"},
        "an e-mail address of dots": WHO | {"email": "a." * 200_000 + "@" + "b." * 200_000},
        "an e-mail address of odd letters": WHO | {"email": "\u0130\u1e9e" * 20_000 + "@" + "\u0301" * 20_000},
        "a slug of dashes": WHO | {"firm": "a-" * 200_000},
        "a list for an object": [WHO] * 2_000,
        "a list of lists": [[[]] * 4_000],
        "an id of 900,000 letters": WHO | {"accountId": "account_" + "0" * 900_000},
        "a number of many digits": WHO | {"email": 10**4_000},
    }
    yield from (_asked(f"variables: {name}", SIGN_IN, {"i": value}) for name, value in values.items())
    yield _asked("variables that nobody declared", "{ viewer { id } }", {f"a{n}": 1 for n in range(99)})
    offer = "query($t: String!) { invitationOffer(token: $t) { __typename } }"
    yield _asked("a token of 900,000 letters", offer, {"t": "A" * 900_000})
    reset = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) { errors { code } } }"
    yield _asked("a reset for 900,000 letters", reset, {"i": {"email": "a@" * 450_000}})


def _bodies() -> Iterator[Hostile]:
    bodies = {
        "a megabyte of lists": b"[" + b"[]," * (MEGABYTE // 3) + b"[]]",
        "a megabyte of objects": b"[" + b"{}," * (MEGABYTE // 3) + b"{}]",
        "a megabyte of numbers": b'{"query":"{a}","variables":{"a":[' + b"1," * (MEGABYTE // 2) + b"1]}}",
        "a megabyte of texts": b'{"query":"{a}","variables":{"a":[' + b'"",' * (MEGABYTE // 3) + b"1]}}",
        "a megabyte of keys": b"{" + b",".join(b'"%d":1' % n for n in range(MEGABYTE // 11)) + b"}",
        "a megabyte of brackets": b"[" * MEGABYTE,
        "a megabyte of escapes": b'{"query":"' + b"\\u0041" * (MEGABYTE // 6) + b'"}',
        "a number of a megabyte": b'{"query":' + b"9" * MEGABYTE + b"}",
        "a megabyte of blanks": b" " * MEGABYTE,
        "more than may be sent": b" " * 1_500_000,
        "a hash that is none": b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"'
        + b"a" * 900_000
        + b'"}}}',
        "an id of a document that is none": b'{"documentId":"' + b"a" * 900_000 + b'"}',
    }
    return (Hostile(name, body) for name, body in bodies.items())


LONG = 60_000


def _headers() -> Iterator[Hostile]:
    for length in (LONG, 8_000):
        headers = {
            "Content-Type": "application/json;" + " " * length + "x",
            "Cookie": 'a="' + "\\" * length + '"',
            "cookie": "a=;" * (length // 3),
            "Accept": "," * length,
            "accept": "a;q=1," * (length // 6),
            "Authorization": "Bearer " + "a" * length,
            "Origin": "http://" + "[" * length,
            "Content-Encoding": "a," * (length // 2),
            "X-Request-Id": "a" * length,
            "X-Forwarded-For": "1.1.1.1," * (length // 8),
            "Forwarded": "for=1.1.1.1;" * (length // 12),
            "traceparent": "00-" + "0" * length,
            "User-Agent": "(" * length,
        }
        for name, value in headers.items():
            yield Hostile(f"{name} of {length:,} characters", PLAIN.body, ((name, value),))
    yield Hostile("10,000 headers", PLAIN.body, tuple((f"a{n}", "") for n in range(8_000)))
    yield Hostile("a cookie that is no session", PLAIN.body, (("Cookie", "__Host-switchboard=" + "x" * 8_000),))
    yield Hostile("a range of a page", b"", (("Range", "bytes=" + "0-0," * 1_990),), "/portal", "GET")


def _urls() -> Iterator[Hostile]:
    for name, query in {
        "parameters": "a&" * 25_000,
        "a long document": "query=" + "a" * 50_000,
        "escapes": "query=" + "%41" * 18_000,
        "variables": "query={a}&variables=" + "[" * 50_000,
    }.items():
        yield Hostile(f"a URL of {name}", target=f"/graphql?{query}", method="GET")
    yield Hostile("a path of slashes", target="/" * 50_000, method="GET")
    yield Hostile("a file that is none", target="/files/attachment/" + "a." * 25_000 + "/x", method="GET")
    yield Hostile("an invitation that is none", target="/invitation/" + "a" * 50_000 + "/x", method="GET")


def _frames() -> Iterator[Hostile]:
    begun = json.dumps({"type": "connection_init"})

    def greeted(**payload: Any) -> str:
        return json.dumps({"type": "connection_init", "payload": payload})

    def subscribed(document: str, variables: Any = None) -> str:
        return json.dumps({"id": "1", "type": "subscribe", "payload": {"query": document, "variables": variables}})

    frames = {
        "no JSON": ("{" * 120_000,),
        "lists": ("[" + "[]," * 40_000 + "[]]",),
        "an unknown type": (json.dumps({"type": "x" * 120_000}),),
        "a greeting of many keys": (greeted(**{f"a{n}": 1 for n in range(9_000)}),),
        "a token that is none": (greeted(authorization="Bearer " + "x" * 9_000),),
        "pings": tuple(json.dumps({"type": "ping"}) for _ in range(200)),
        "a ping that says much": (begun, json.dumps({"type": "ping", "payload": {"a": "x" * 9_000}})),
        "an id too long": (begun, json.dumps({"id": "x" * 120_000, "type": "subscribe", "payload": {}})),
        "unknown mutations": (begun, subscribed(DOCUMENTS["a hundred unknown mutations"])),
        "unknown fields of an input": (begun, subscribed(DOCUMENTS["90 unknown fields of an input"])),
        "wrong enum values": (begun, subscribed(SIGN_IN, {"i": WHO | {"session": ["x"] * 10_000}})),
        "a long document": (begun, subscribed("{" + "a " * 60_000 + "}")),
        "variables in a document": (begun, subscribed("$a:" * 40_000)),
        "a feed without a session": (begun, subscribed("subscription{togglesChanged{__typename}}")),
        "endings of nothing": (begun, *(json.dumps({"id": f"{n}", "type": "complete"}) for n in range(200))),
    }  # fmt: skip
    return (Hostile(f"frames: {name}", frames=sent) for name, sent in frames.items())
