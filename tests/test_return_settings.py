"""How an installation says where reports go, and where they are read."""

import pytest
from pydantic import SecretStr, ValidationError

from mail.returns.place import Place
from models.ground.settings import Settings
from models.mailbox import MailSecurity, MailServer


@pytest.mark.parametrize(
    "value", ["bounces+{letter}@portal.test", "{letter}@portal.test", "a" * 19 + "{letter}@p.test"]
)
def test_a_return_path_names_each_letter(value: str) -> None:
    assert Settings(return_path=value).return_path == value


@pytest.mark.parametrize(
    "value",
    [
        "bounces@portal.test",
        "{letter}",
        "{letter}@",
        "bounces+{letter}-x@portal.test",
        "a{letter}b{letter}@portal.test",
        "a" * 20 + "{letter}@portal.test",
        "bou nces+{letter}@portal.test",
        "bücher+{letter}@portal.test",
        "<{letter}@portal.test>",
    ],
)
def test_another_return_path_is_refused_in_plain_words(value: str) -> None:
    with pytest.raises(ValidationError, match=r"at most 19 characters before \{letter\}"):
        Settings(return_path=value)


@pytest.mark.parametrize("value", ["imaps://anna%40x.test:se%2Fcret@mail.test", "imap://a:b@127.0.0.1:1143/Bounces"])
def test_a_return_mailbox_is_named_and_not_shown(value: str) -> None:
    settings = Settings(return_mailbox=SecretStr(value))
    assert settings.return_mailbox
    assert settings.return_mailbox.get_secret_value() == value
    assert value not in repr(settings)


@pytest.mark.parametrize(
    "value", ["mail.test", "https://a:b@mail.test", "imaps://mail.test", "imaps://a@mail.test", "imaps://a:hunter2@h:0",
              "imaps://a:hunter2@h:x", "imaps://:hunter2@mail.test"]
)  # fmt: skip
def test_another_return_mailbox_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(ValidationError, match="say imaps://name:password@host:993/folder") as refused:
        Settings(return_mailbox=SecretStr(value))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "server", "folder"),
    [
        ("imaps://a:b@mail.test", MailServer("mail.test", 993, MailSecurity.TLS), "INBOX"),
        (
            "imaps://a:b@mail.test:1993/Returned%2FMail/",
            MailServer("mail.test", 1993, MailSecurity.TLS),
            "Returned/Mail",
        ),
        ("imap://a:b@mail.test", MailServer("mail.test", 143, MailSecurity.STARTTLS), "INBOX"),
        ("imap://a:b@127.0.0.1:1143", MailServer("127.0.0.1", 1143, MailSecurity.NONE), "INBOX"),
    ],
)
def test_the_line_to_it_is_secured_and_plain_on_the_loopback_only(url: str, server: MailServer, folder: str) -> None:
    place = Place.of(Settings(return_mailbox=SecretStr(url)))
    assert place == Place(server, "a", "b", folder)


def test_its_name_and_password_may_hold_any_character() -> None:
    place = Place.of(Settings(return_mailbox=SecretStr("imaps://anna%40x.test:s%2Fe%3Acr%40et@mail.test")))
    assert place is not None
    assert (place.username, place.password) == ("anna@x.test", "s/e:cr@et")
    assert place.name == "anna@x.test@mail.test:993/INBOX"
    assert "s/e" not in repr(place)
    assert Place.of(Settings()) is None
