"""How an installation says where reports go, and where they are read."""

import pytest
from pydantic import SecretStr, ValidationError

from models.ground.settings import Settings


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
