"""What the environment says, and what follows from it."""

import pytest

from models.settings import Settings


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
