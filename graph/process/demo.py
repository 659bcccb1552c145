"""`make run`: two firms, a mail server with their past mail, and the API, all on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import typer
from pydantic import SecretStr

from graph.ids import Kind, global_id
from graph.pages.tabs import Example
from graph.process import serving
from graph.process.app import create_app
from graph.process.logs import log_plainly
from graph.process.opening import opened
from graph.process.working import working
from mail.demo.dovecot import home_in
from mail.demo.fill import fill
from mail.demo.launch import DemoMail, DemoMailFailed
from mail.demo.letters import NEWCOMER
from mail.demo.maildir import Maildir
from mail.demo.people import BELLANDI, CLIENT, HARBOUR, OWNER_PASSWORD
from mail.demo.seed import connect_demo_mailboxes, main_firm, seed
from mail.demo.users import IMAP_PORT, PORTAL_FROM, RETURNS, SMTP_PORT, TOKEN_PORT
from models.ground import clock, store, var
from models.ground.settings import Settings

PORTS = {"imap_port": IMAP_PORT, "smtp_port": SMTP_PORT, "token_port": TOKEN_PORT}


async def show(settings: Settings, *, dovecot: bool = False) -> None:
    """Runs until Ctrl-C, on what an earlier start left. Raises what `opened` does, PortTaken, DemoMailFailed."""
    log_plainly(settings)
    listening = serving.listen(settings)
    typer.echo("Starting PostgreSQL, the demo mail server and the API …")
    async with opened(settings), _mail(settings, dovecot=dovecot) as mail:
        await seed(clock.now())
        if settings.development:  # outside, no mail server on a private address is called
            await connect_demo_mailboxes(await main_firm(), mail.imap, mail.smtp, token_port=mail.token_port)
        example = await _example()
        settings = _with_letters(settings, mail)
        async with working(settings):
            app = create_app(settings, email=BELLANDI.owner.email, password=OWNER_PASSWORD, example=example)
            await serving.serve_app(app, listening, ready=lambda: _welcome(settings, mail))


@asynccontextmanager
async def _mail(settings: Settings, *, dovecot: bool) -> AsyncIterator[DemoMail]:
    """On the usual ports of the demo, or on free ones where another demo has them."""
    folder = await asyncio.to_thread(_filled_for_dovecot if dovecot else _filled, settings)
    try:
        mail = await DemoMail.launch(folder, dovecot=dovecot, **PORTS)
    except DemoMailFailed:
        mail = await DemoMail.launch(folder, dovecot=dovecot)
    try:
        yield mail
    finally:
        await mail.stop()


def _filled(settings: Settings) -> Path:
    folder = var.folder(settings, "demo", "mail")
    fill(folder, now=clock.now())
    return folder


def _filled_for_dovecot(settings: Settings) -> Path:
    folder = var.folder(settings) / "dovecot"
    home = home_in(folder)
    fill(home.data, now=clock.now(), open_folder=partial(Maildir, user=home.user))
    return folder


def _with_letters(settings: Settings, mail: DemoMail) -> Settings:
    """Sends letters to the demo's own mail server, and fetches what comes back there, unless settings name another."""
    if settings.smtp_url is not None:
        return settings
    url = SecretStr(f"smtp://{mail.smtp.host}:{mail.smtp_port}")
    login = f"{quote(RETURNS.address, safe='')}:{quote(RETURNS.password)}"
    returns = SecretStr(f"imap://{login}@{mail.imap.host}:{mail.imap_port}")
    update = {
        "smtp_url": url,
        "mail_from": settings.mail_from or PORTAL_FROM,
        "return_mailbox": settings.return_mailbox or returns,
    }
    return settings.model_copy(update=update)


async def _example() -> Example:
    toggles = await store.row(_NEWCOMER, (await main_firm()).firm_id, NEWCOMER.code, NEWCOMER.address)
    assert toggles is not None, "the seeds have it"
    return Example(global_id(Kind.ACCOUNT, toggles["account_id"]), global_id(Kind.EMAIL_ADDRESS, toggles["address_id"]))


_NEWCOMER = """
SELECT t.account_id, t.address_id FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
WHERE t.firm_id = $1 AND a.code = $2 AND e.key = $3
"""


async def _welcome(settings: Settings, mail: DemoMail) -> None:
    port = f" --port {mail.imap_port}" if mail.imap_port != IMAP_PORT else ""
    page = "graphiql" if settings.development else "graphql"
    typer.echo(f"""
  {BELLANDI.name} is open:  {settings.base_url}/{page}

  Sign in as  {BELLANDI.owner.email}   password  {OWNER_PASSWORD}
  A second firm: {HARBOUR.owner.email}, the same password.
  A client of two accounts: {CLIENT} at {settings.base_url}/portal, the same password.
{_to_try(mail) if settings.development else GRAPHIQL_IS_OFF}
  What the firm sends to its clients stays here:  .venv/bin/python -m mail.demo.read{port}

  Access tokens come from port {mail.token_port}: docs/mailboxes.md.
  Data is kept under {settings.var}/, the mail in {mail.mail}. Ctrl-C stops everything.
""")


GRAPHIQL_IS_OFF = """
  GraphiQL, and the firm's mailbox on this machine, are for development only: SWITCHBOARD_DEVELOPMENT is false.
"""


def _to_try(mail: DemoMail) -> str:
    clients = sum(not account.archived for account in BELLANDI.accounts)
    port = f" --port {mail.smtp_port}" if mail.smtp_port != SMTP_PORT else ""
    return f"""
  Three things to try
   1. Tab “Accounts”: {clients} clients with their Login, Notify and Email sync switches. (The first tab signs you in.)
   2. Tab “SwitchEmailSyncOn”, for {NEWCOMER.contact} ({NEWCOMER.code}), then “PastMail”:
      three years of her letters are there a moment later.
   3. Tab “NewMailLive”: run it, and in another terminal have her write to the firm:
      .venv/bin/python -m mail.demo.send --from {NEWCOMER.address}{port}
   More of the mail (two mailboxes with one thread, certified mail, what goes wrong): docs/mailboxes.md
"""
