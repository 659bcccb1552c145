"""
Reports of sixty kinds of mail server, where their folder lies beside the checkout; and what a person says of each who
read it: the hand-made table that our reading is compared with.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("MESSAGES_DIR", Path(__file__).parents[4] / "shared" / "data" / "messages")) / "bounces"
HARD, TOLD, LATE, DELIVERED, COMPLAINT, ANSWER, NONE = (
    "hard",
    "told",
    "late",
    "delivered",
    "complaint",
    "answer",
    "none",
)
"""There is nobody; it did not arrive; it will be late; it arrived; unwanted; one is away; none of these."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`returned`: the Message-ID of the letter it is about, where that stands anywhere; `to`: whom that was to."""

    name: str
    said: str
    returned: str
    to: str

    @property
    def raw(self) -> bytes:
        return (FOLDER / f"{self.name}.eml").read_bytes()

    def about(self, message_id: str) -> bytes:
        """With another letter in the place of the returned one. What the report itself is called stays."""
        lines = self.raw.splitlines(keepends=True)
        head = lines[: next((at for at, line in enumerate(lines) if not line.strip()), len(lines))]
        own = {at for at, line in enumerate(head) if line.lower().startswith(b"message-id:")}
        here, there = self.returned.encode(), message_id.encode()
        return b"".join(line if at in own else line.replace(here, there) for at, line in enumerate(lines))


SAMPLES = [
    Sample("arf-19", NONE, "000000000.2222222.0000000000002@example.net", "kijitora@example.org"),
    Sample("lhost-amavis-01", HARD, "Qdmail.0.0.0e_8ed60e1eb3e559f02254e3437c3110b1@example.net", "neko@example.co.jp"),
    Sample("lhost-amazonses-09", HARD, "", "bounce@simulator.amazonses.com"),
    Sample("lhost-amazonses-19", TOLD,
           "2222222222222222-00000000-eeee-eeee-eeee-000000000000-000000@email.amazonses.com", "kijitora@example.com"),
    Sample("lhost-apachejames-01", HARD, "00000000000000.00000.qmail@example.com", "000000000000@vtext.example.com"),
    Sample("lhost-domino-02", HARD, "0000000000.00000000-0000000000.00000000-00000000.00000000@example.co.jp",
           "kijitora@example.co.jp"),
    Sample("lhost-dragonfly-09", HARD, "666818fd.e0726.7e456d07@df.example.jp", "filtered@libsisimai.net"),
    Sample("lhost-dragonfly-19", TOLD, "66681e9d.e072a.9c343d6@df.example.jp", "securityerror@libsisimai.net"),
    Sample("lhost-dragonfly-29", TOLD, "66681885.e0724.329a3871@df.example.jp", "expired@libsisimai.net"),
    Sample("lhost-exchange2007-01", HARD, "", "mikeneko@example.co.jp"),
    Sample("lhost-exim-04", TOLD, "E1P1ce6-000Egt-GZ@e1.example.org", "kijitora@example.ed.jp"),
    Sample("lhost-exim-34", TOLD, "neko222-nyaaan-22@neko.example.com", "kijitora@example.net"),
    Sample("lhost-exim-44", TOLD, "22ee2222222ffff00@nyaan.example.com", "kijitora@example.com"),
    Sample("lhost-exim-54", TOLD, "nnnnekochan-nyaaan-22@neko22.example.net", "kijitora@example.org"),
    Sample("lhost-ezweb-03", HARD, "", "this-local-part-does-not-exist-on-the-site@ezweb.ne.jp"),
    Sample("lhost-gmail-05", TOLD, "106A231A-B504-44EF-9BF2-8A382AB84E80@gmail.com", "shironeko@example.jp"),
    Sample("lhost-gmail-18", HARD, "FFFFFFFF-2222-0000-0000-EEEEEEEE0000@gmail.com", "kijitora@example.or.jp"),
    Sample("lhost-googlegroups-05", TOLD, "E624406D-3C12-4CE2-A37B-C3A15EA6CF1D@example.jp",
           "libsisimai@googlegroups.com"),
    Sample("lhost-googleworkspace-01", TOLD, "CAByYQsF5qdTf_h-1AAVPW0RgR1YN+LE=+0Uv9LpQ4aA_myPtCw@mail.gmail.com",
           "neko-nyaan-cat-meeting@google-groups.example.com"),
    Sample("lhost-mailfoundry-02", TOLD, "00000000000000000.neko@cat.example.net", "kijitora@example.org"),
    Sample("lhost-mailru-09", TOLD, "1527065153.467209091@f56.i.mail.ru", "kijitora@example.jp"),
    Sample("lhost-messagingserver-04", TOLD, "191D1CAE-6032-4616-8D9C-83A489264E03@me.example.com",
           "kijitora@example.jp"),
    Sample("lhost-mfilter-02", HARD, "000000000000@exmaple.jp", "kijitora@example.co.jp"),
    Sample("lhost-notes-02", HARD, "000000000.0000000000000.notes@example.co.jp", "kijitora@u1.example.co.jp"),
    Sample("lhost-office365-09", HARD, "SLXP216MB0381A2BCD997D05F53CDB50BA9220@SLXP216MB0381.KORP216.PROD.OUTLOOK.COM",
           "azumakuniyuki@example.ne.jp"),
    Sample("lhost-opensmtpd-06", LATE, "201612140903.uBE938DJ094645@nyaan.example.jp", "nekochan@libsisimai.org"),
    Sample("lhost-outlook-02", HARD, "BLU436-SMTP6688F46CFBFB4294F252B1BA770@phx.gbl", "kijitora@example.jp"),
    Sample("lhost-postfix-04", HARD, "A8F82EDD-E518-4F5C-8C70-BC4EFF24AB9F@example.ne.jp", "kijitora@example.co.jp"),
    Sample("lhost-postfix-15", TOLD, "20150213031231.54EF320C12@kawaramachi.example.jp",
           "kijitora@bukkoji.example.org"),
    Sample("lhost-postfix-35", HARD, "20180522073014.18162C6DD0E@sijo.example.jp",
           "otsu-sakaba-hunter-neko-nyaaaaaaan@ezweb.ne.jp"),
    Sample("lhost-postfix-45", TOLD, "11DA6AA80A5481396A07708AE233289E@nekonyaan", "kijitora@example.net"),
    Sample("lhost-postfix-55", TOLD, "20180429233445.9E1794126902@mail.example.net", "neko-nyaan@example.ne.jp"),
    Sample("lhost-postfix-65", TOLD, "43f4KX6WR7z1xcMG@neko.example.jp", "nyaan@example.org"),
    Sample("lhost-postfix-75", NONE, "", "kijitora@libsisimai.net"),
    Sample("lhost-qmail-02", HARD, "", "userunknown@example.jp"),
    Sample("lhost-qmail-12", TOLD, "20240624085001.44409.qmail@nq.example.jp", "nyaan@example.org"),
    Sample("lhost-qmail-22", TOLD, "20240626062258.63355.qmail@email.example.jp",
           "pseudo-local-part-of-each-esp@outlook.com"),
    Sample("lhost-receivingses-07", TOLD, "591550FB-4AB8-42E4-A4B6-AE7696FC2727@example.co.jp",
           "neko@neko.example.jp"),
    Sample("lhost-sendmail-06", TOLD, "201204290000.y00000000000000@e.example.com", "kijitora@example.org"),
    Sample("lhost-sendmail-16", TOLD, "2CA08EF8-9CF5-4634-A20A-41650DDE4D6D@example.jp", "kijitora@example.org"),
    Sample("lhost-sendmail-27", HARD, "80A4F3A5-ED58-411A-9C41-1AFA7EBFCF12@example.org",
           "this-local-part-does-not-exist-on-the-system@mineo.jp"),
    Sample("lhost-sendmail-37", HARD, "792B14FF-0B1A-4127-B644-0A876D88A36C@example.jp", "kijitora@nyaan.example.com"),
    Sample("lhost-sendmail-47", HARD, "87D91304-DE76-4E37-9AD3-CC858AE18C15@cr.example.co.jp",
           "pseudo-local-part-kijitora-nyaan@free.fr"),
    Sample("lhost-sendmail-57", TOLD, "202010031111.093BBRUP019529@nyaan.example.jp", "neko@libsisimai.org"),
    Sample("lhost-v5sendmail-01", TOLD, "", "kijitora@example.com"),
    Sample("lhost-x1-02", HARD, "000000000000000000000000000000000000@example.jp", "kijitora@example.org"),
    Sample("lhost-x3-01", HARD, "fffffffffffffffffffffffffffffff@xample.org", "kijitora@example.com"),
    Sample("lhost-yahoo-02", TOLD, "3C1693EF-7886-4E59-BBF9-D3DF3B74820F@y.example.co.jp", "kijitora@example.ed.jp"),
    Sample("lhost-yahoo-12", TOLD, "295209069.4014733.1528961176672@mail.yahoo.com", "kijitora@example.jp"),
    Sample("lhost-zoho-05", TOLD, "14a3e1f7f3c.110ef7cb910716.7530578479836940184@zoho.example.com",
           "kijitora@7jo.example.jp"),
    Sample("rfc3464-28", DELIVERED, "20151025071802.22CC00222233@neko-222-2222.vs.example.ne.jp",
           "kijitora@neko.example.jp"),
    Sample("rfc3464-43", TOLD, "2EB7A4F3-7355-4A23-BF76-994FEB74C919@example.jp", "jp1rb6cm3@mozmail.com"),
    Sample("rfc3464-60", TOLD, "CAByYQsEX6bB+d2sbUd8WPqcEJcxaSNmzSe4mO0fLoAF56Wdo4Q@mail.gmail.com",
           "kijitora@example.jp"),
    Sample("rfc3834-04", ANSWER, "", "kijitora@example.org"),
    Sample("rhost-apple-02", TOLD, "20201113004724.3574FC0196A@smtp.example.jp", "kijitora@apple.example.com"),
    Sample("rhost-franceptt-03", TOLD, "", "pseudo-local-part-kijitora@wanadoo.fr"),
    Sample("rhost-godaddy-03", TOLD, "", "kijitora@example.com"),
    Sample("rhost-gsuite-02", HARD, "002b01d2a4bb$028be941$b756c59a@example", "kijitora@example.it"),
    Sample("rhost-gsuite-12", TOLD, "160000000000.2022.837987497898796986@NEKO-NYAAN-22", "kijitora@example.com"),
    Sample("rhost-microsoft-01", TOLD, "00000000000000000000000000000000000000000000000@example.net",
           "kijitora@example.com"),
]  # fmt: skip


def sent_from_nowhere(raw: bytes) -> bytes:
    """As the server that took it in writes it on top (RFC 5321, 4.4)."""
    head, blank, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    lines = [line for line in head.splitlines(keepends=True) if not line.lower().startswith(b"return-path:")]
    return b"Return-Path: <>\r\n" + b"".join(lines) + blank + rest


NAMING = [sample for sample in SAMPLES if sample.returned]


def there() -> None:
    """Skips the test where the samples are not."""
    if not FOLDER.is_dir():
        pytest.skip(f"no folder {FOLDER}: set MESSAGES_DIR to a folder of real messages, in it `bounces`")
