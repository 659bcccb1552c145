"""Who takes part, where programs write addresses as they should not: what stands there is read, and nothing else."""

from time import process_time

import pytest

from mail.parse import parse, read_headers
from mail.parse.addresses import mailboxes

V = "victim@firm.example"
E = "evil@x.example"
M = "mario@x.example"
LONG = 200_000  # characters


def people(value: str) -> list[tuple[str | None, str]]:
    raw = f"From: a@x\r\nTo: {value}\r\n\r\n".encode()
    taking_part = read_headers(raw).participants
    assert parse(raw).participants == taking_part  # the ledger sees whom the letter shows
    return [(person.name, person.address) for person in taking_part[1:]]


def addresses(value: str) -> list[str]:
    return [address for _, address in people(value)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mario <mario @ x.example>", [("Mario", M)]),
        ("Mario <mario@\r\n x.example>", [("Mario", M)]),
        ("< mario . rossi @ x . example >", [(None, "mario.rossi@x.example")]),
        ("<mario(his own)@x.example(at work)>", [(None, M)]),
        ("mario(his own)@x.example (Mario)", [("his own Mario", M)]),
        ("mario @ x.example", [(None, M)]),
        ("Mario Rossi mario @\r\n x.example", [("Mario Rossi", M)]),
        ('"two  words" @ x.example', [(None, '"two  words"@x.example')]),
        ("<@relay.example, @other : mario@x.example>", [(None, M)]),
        ("Mario <mario@x.example", [("Mario", M)]),
        ("Mario <mario@x.example (office)", [("Mario", M)]),
        ("Mario <mario@x.example, Anna <anna@x.example>", [("Mario", M), ("Anna", "anna@x.example")]),
        ("Mario mario@x.example>", [("Mario", M)]),
        ("<<mario@x.example>>", [(None, M)]),
        ("Mario Rossi mario@x.example", [("Mario Rossi", M)]),
        ('"Rossi, Mario" mario@x.example', [("Rossi, Mario", M)]),
        ("=?utf-8?Q?Mario?= mario@x.example", [("Mario", M)]),
        ("<a@x.example, b@x.example>", [(None, "a@x.example"), (None, "b@x.example")]),
        ("'mario@x.example'", [(None, M)]),
        ('"mario@x.example"', [(None, M)]),
        ("\"'mario@x.example'\"", [(None, M)]),
        ("Mario <'mario@x.example'>", [("Mario", M)]),
        ("Mario <“mario@x.example”>", [("Mario", M)]),
        ("‘mario@x.example’", [(None, M)]),
        ("o'neil@x.example", [(None, "o'neil@x.example")]),
        ("Mario <MAILTO:mario@x.example>", [("Mario", M)]),
        ("=?utf-8?Q?Rossi,_Mario?= <mario@x.example>", [("Rossi, Mario", M)]),
        ("=?utf-8?Q?Rossi, Mario?= <mario@x.example>", [("Rossi, Mario", M)]),
        ("=?utf-8?Q?Studio:_Mario;?= <mario@x.example>", [("Studio: Mario;", M)]),
        ("=?utf-8?Q?Rossi_(Studio)?= <mario@x.example>", [("Rossi (Studio)", M)]),
        ("Dr.=?utf-8?Q?Rossi,_M.?= <mario@x.example>", [("Dr.Rossi, M.", M)]),
        ("mario@x.example (Rossi (the son \\) of))", [("Rossi the son ) of", M)]),
        ("((Mario) mario@x.example", [("Mario", M)]),
        ('mario@x.example (") , anna@x.example ( ")', [('"', M), ('"', "anna@x.example")]),
        ("Studio: a@x.example, Mario <mario@x.example>; b@x", [(None, "a@x.example"), ("Mario", M), (None, "b@x")]),
        ("mario@x.example <", [(None, M)]),
        ("mario@x.example]", [(None, M)]),
        ('"mario@x.example', [(None, M)]),
        ('<"mario@x.example>', [(None, M)]),
        ("bounce=?x@y.example", [(None, "bounce=?x@y.example")]),
        ("(nobody) Undisclosed recipients :(nobody (that I know)) ; (the end)", []),
    ],
)
def test_what_programs_write_for_an_address_is_read(written: str, read: list[tuple[str | None, str]]) -> None:
    assert people(written) == read


@pytest.mark.parametrize(
    "written",
    [
        f'"{V}" <{E}>',
        f"{V} <{E}>",
        f"'{V}' <{E}>",
        f'"{V}" {E}',
        f'"{V}, " <{E}>',
        f'"a\\" <{V}>, \\"" <{E}>',
        f"({V}) {E}",
        f"{E} ({V})",
        f"{E} (a (<{V}>) \\), {V})",
        f"<({V}){E}>",
        f"=?utf-8?Q?{V}?= <{E}>",
        f"=?utf-8?Q?<{V}>,_x?= <{E}>",
        f"=?utf-8?Q?=3C{V.replace('@', '=40')}=3E=2C?= <{E}>",
        f"=?utf-8?Q?x=22=3E,_{V}?= {E}",
        f"{V}: {E};",
    ],
)
def test_a_name_a_comment_or_an_encoded_word_never_yields_an_address(written: str) -> None:
    assert addresses(written) == [E]


@pytest.mark.parametrize(
    "written",
    [
        "=?utf-8?Q?victim=40firm.example?=",
        f"=?utf-8?Q?{V}?=",
        "=?utf-8?Q?victim?=@firm.example",
        f"=?utf-8?Q?Victim_<{V}>?=",
        f'"{V}" (the office)',
        f"'{V}' {E}",
        f"Victim at work <{V} or so>",
        "Dr. victim@firm.example",
        "the .victim@firm.example",
        "victim@firm. example",
        "victim@firm example",
        "ma(c)rio@firm.example",
        "<ma(c)rio@firm.example>",
        'vic"tim@firm.example',
        "vic]tim@firm.example",
        "vic)tim@firm.example",
        "=?utf-8?Q?victim@firm.example",
        "victim\uff20firm.example",
    ],
)
def test_where_it_is_in_doubt_there_is_no_address(written: str) -> None:
    assert addresses(written) == [""]


@pytest.mark.parametrize(
    "usual",
    ["<mario@x.example>", "Mario <mario@x.example>",
     '"Rossi, Mario"<mario@x.example>', "'Mario' <mario@x.example>",
     '"" <mario@x.example>', "mario.rossi <m.r+1@x-y.example.org>", '" \t" <mario@x.example>',
     "M. R.\t<m_r@x.example>"],
)  # fmt: skip
def test_what_is_usual_is_read_at_once_and_no_otherwise(usual: str) -> None:
    assert list(mailboxes(usual)) == list(mailboxes(f" {usual}"))
    assert list(mailboxes(usual)) == list(mailboxes(f"{usual}, {usual}"))[:1]


@pytest.mark.parametrize(
    "written",
    ["(" * LONG, "(" * LONG + ")" * LONG, '"(' * LONG, "<(" * LONG, "<" * LONG, "a@ " * LONG, "(a)@" * LONG,
     "' " * LONG, "a(b)" * LONG, "=?a?q?" * LONG, "\\(" * LONG, "<a@b," * LONG, '"' * LONG, "<" + "a@b," * LONG + ">",
     "a@ " + "(c) " * LONG, "<a@b>(" * LONG, "a@b " * LONG],
    ids=range(17),
)  # fmt: skip
def test_an_address_header_is_read_in_linear_time(written: str) -> None:
    """Each has a header block of at most 256 kB; in the pool two hundred blocks have five seconds."""
    began = process_time()
    read_headers(b"To: " + written[:LONG].encode() + b"\r\n\r\n")
    assert process_time() - began < 2
