"""Which folders are read: all that hold letters, whatever the mail program's language (R18)."""

import pytest

from mail.imap import Folder
from mail.sync.choosing import IN_ALL_MAIL, NAMES, names, sort_out
from models.mailbox.mailbox import FolderKind

LEFT_OUT = ["drafts", "trash", "junk", "outbox", "calendar", "no_mail"]
INBOX = Folder("INBOX", delimiter="/")


def marked(name: str, mark: str) -> Folder:
    return Folder(name, frozenset({mark}), delimiter="/")


def plain(*names: str) -> list[Folder]:
    return [Folder(name, delimiter="/") for name in names]


def read(*folders: Folder, sent: str | None = None, left_out: tuple[str, ...] = ()) -> list[str]:
    return [folder.name for folder in sort_out(folders, sent=sent, left_out=left_out) if folder.why_not is None]


def kinds(*folders: Folder, sent: str | None = None) -> dict[str, FolderKind]:
    return {folder.name: folder.kind for folder in sort_out(folders, sent=sent)}


def test_what_a_rule_files_anywhere_is_read_inbox_first_then_sent() -> None:
    folders = [*plain("Clients", "Clients/Rossi", "Archive", "Archive/2024"), marked("Gesendet", "\\Sent"), INBOX]
    assert read(*folders) == ["INBOX", "Gesendet", "Clients", "Clients/Rossi", "Archive", "Archive/2024"]
    assert kinds(*folders)["Gesendet"] is FolderKind.SENT
    assert kinds(*folders)["Clients"] is FolderKind.OTHER
    assert read(*plain("inbox")) == ["inbox"]


@pytest.mark.parametrize("mark", ["\\Junk", "\\Trash", "\\Drafts"])
def test_a_mark_says_what_a_folder_is_for_before_its_name_does(mark: str) -> None:
    assert read(INBOX, marked("Sent", mark)) == ["INBOX"]
    assert read(INBOX, marked("Clients", mark), *plain("Clients/Rossi")) == ["INBOX"]
    assert read(INBOX, marked("Trash", "\\Archive"), marked("Junk", "\\Sent")) == ["INBOX", "Junk", "Trash"]


@pytest.mark.parametrize("use", LEFT_OUT)
def test_names_in_many_languages_are_known(use: str) -> None:
    languages = {line[:2] for line in _lines(use)}
    assert len(languages) >= 20
    for line in _lines(use):
        for name in line.partition(":")[2].split(","):
            assert read(INBOX, *plain(name.strip(), name.strip().upper())) == ["INBOX"], name
            assert read(INBOX, Folder(f"INBOX.{name.strip()}", delimiter=".")) == ["INBOX"], name


def test_sent_mail_is_known_in_many_languages() -> None:
    assert len({line[:2] for line in _lines("sent")}) >= 20
    for line in _lines("sent"):
        for name in line.partition(":")[2].split(","):
            assert kinds(INBOX, *plain(name.strip()))[name.strip()] is FolderKind.SENT


def _lines(use: str) -> list[str]:
    return (NAMES / f"{use}.txt").read_text("utf-8").splitlines()


def test_no_name_means_two_things() -> None:
    for use in ["sent", *LEFT_OUT]:
        for other in {"sent", *LEFT_OUT} - {use}:
            assert not names(use) & names(other), (use, other)


def test_every_folder_that_is_left_out_says_why() -> None:
    folders = [INBOX, *plain("Papierkorb", "Папка", "Junk"), Folder("Clients", selectable=False)]
    whys = {folder.name: folder.why_not for folder in sort_out(folders)}
    assert whys.keys() == {"INBOX", "Папка", "Papierkorb", "Junk", "Clients"}
    assert (whys["INBOX"], whys["Папка"]) == (None, None)
    assert whys["Papierkorb"] == "Deleted mail is left out."
    assert whys["Clients"] == "The mail server does not let anybody open it: it only holds other folders."


def test_a_name_of_a_clients_folder_is_no_name_of_a_program() -> None:
    assert "Clients/Drafts" in read(INBOX, *plain("Clients", "Clients/Drafts"))
    assert read(INBOX, *plain("Tasks", "Notes")) == ["INBOX", "Tasks", "Notes"]
    assert read(INBOX, *plain("Tasks", "Notes", "Calendar")) == ["INBOX"]


def test_what_lies_below_a_folder_goes_with_it() -> None:
    below = plain("Deleted Items", "Deleted Items/Clients", "Sent", "Sent/2023", "Sync Issues", "Sync Issues/Conflicts")
    assert read(INBOX, *below) == ["INBOX", "Sent", "Sent/2023"]
    assert kinds(INBOX, *below)["Sent/2023"] is FolderKind.SENT
    under_inbox = [
        Folder("INBOX", delimiter="."),
        Folder("INBOX.Trash", delimiter="."),
        Folder("INBOX.A", delimiter="."),
    ]
    assert read(*under_inbox) == ["INBOX", "INBOX.A"]


def test_the_firm_names_what_is_not_to_be_read_and_what_was_sent() -> None:
    folders = [INBOX, *plain("Private", "Private/Family", "Sent", "Raus", "Trash")]
    assert read(*folders, left_out=("Private", "inbox", "nowhere")) == ["INBOX", "Sent", "Raus"]
    assert kinds(*folders, sent="Raus") == {
        "INBOX": FolderKind.INBOX,
        "Raus": FolderKind.SENT,
        **dict.fromkeys(("Private", "Private/Family", "Sent", "Trash"), FolderKind.OTHER),
    }
    assert read(*folders, sent="Trash")[1] == "Trash"
    assert kinds(*folders, sent="Mistyped")["Sent"] is FolderKind.SENT


def test_at_gmail_only_the_folder_of_all_mail_is_read() -> None:
    sent, trash = marked("[Gmail]/Gesendet", "\\Sent"), marked("[Gmail]/Papierkorb", "\\Trash")
    everything = marked("[Gmail]/Alle Nachrichten", "\\All")
    folders = sort_out([INBOX, sent, trash, everything, *plain("Clients")])
    assert [(folder.name, folder.kind) for folder in folders if folder.why_not is None] == [
        ("[Gmail]/Alle Nachrichten", FolderKind.ALL)
    ]
    assert {folder.why_not for folder in folders} == {None, IN_ALL_MAIL, "Deleted mail is left out."}
    assert read(INBOX, sent, *plain("Clients")) == ["INBOX", "[Gmail]/Gesendet", "Clients"]
    assert read(INBOX, marked("Virtual/All", "\\All")) == ["INBOX"]


def test_no_name_from_outside_brings_two_folders_into_one_row_or_a_character_nobody_can_keep() -> None:
    odd = plain("INBOX", "inbox", "a", "a", "x" * 501, "x" * 502, "nul\0", "half\ud800")
    listed = sort_out(odd)
    assert len({folder.name for folder in listed}) == len(listed)
    assert [folder.name for folder in listed if folder.why_not is None] == ["inbox", "a"]
    assert all(len(folder.name) <= 500 and "\0" not in folder.name for folder in listed)
    assert all(folder.name.encode() for folder in listed)
    assert read(INBOX, *plain("e\u0301", "\u00e9")) == ["INBOX", "e\u0301", "\u00e9"]
