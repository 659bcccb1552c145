"""What the environment says, and what follows from it."""

import pytest
from pydantic import ValidationError

from models.ground.settings import Settings


@pytest.mark.parametrize(
    ("mail_from", "public_url", "domain"),
    [
        ("portal@firm.example", "https://portal.firm.example", "firm.example"),
        ("portal@münchen.example", None, "xn--mnchen-3ya.example"),
        (None, "https://portal.firm.example:8443/", "portal.firm.example"),
        (None, "https://my_portal.example", "my_portal.example"),
        (None, "http://192.0.2.1:8000", "switchboard.invalid"),
        (None, "http://[2001:db8::1.2.3.4]", "switchboard.invalid"),
        (None, "http://intranet", "switchboard.invalid"),
        (None, None, "switchboard.invalid"),
    ],
)
def test_message_ids_end_in_a_full_domain(mail_from: str | None, public_url: str | None, domain: str) -> None:
    assert Settings(mail_from=mail_from, public_url=public_url).mail_domain == domain


@pytest.mark.parametrize(
    ("named", "origin"),
    [
        ("https://App.Firm.example/", "https://app.firm.example"),
        ("https://app.firm.example:443", "https://app.firm.example"),
        (" http://localhost:5173 ", "http://localhost:5173"),
        ("http://[::1]:5173", "http://[::1]:5173"),
    ],
)
def test_an_origin_may_be_named_as_people_write_it(named: str, origin: str) -> None:
    assert Settings(allowed_origins=named).allowed_origins == (origin,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "named",
    [
        "*",
        "null",
        "app.firm.example",
        "https://*.firm.example",
        "https://app.firm.example/page",
        "https://a@b",
        "x://[",
    ],
)
def test_what_is_no_origin_is_refused_in_plain_words(named: str) -> None:
    with pytest.raises(ValidationError, match=r"as in https://app\.firm\.example"):
        Settings(allowed_origins=named)  # type: ignore[arg-type]


@pytest.mark.parametrize(("named", "ports"), [("", ()), ("1993", (1993,)), (" 1993, 2525,", (1993, 2525))])
def test_more_ports_of_mail_servers_are_numbers(
    monkeypatch: pytest.MonkeyPatch, named: str, ports: tuple[int, ...]
) -> None:
    monkeypatch.setenv("SWITCHBOARD_MAIL_PORTS", named)
    assert Settings().mail_ports == ports


@pytest.mark.parametrize("named", ["imap", "0", "65536", "-1", "1993 2525", "1993-2525", "*"])
def test_what_is_no_port_is_refused_in_plain_words(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("SWITCHBOARD_MAIL_PORTS", named)
    with pytest.raises(ValidationError, match="as in 1993,2525"):
        Settings()


def test_the_public_url_is_said_in_full() -> None:
    with pytest.raises(ValidationError, match="say it in full"):
        Settings(public_url="portal.firm.example")
