"""The first firm, and a new key."""

import typer

from graph.process.opening import opened
from models import firm, installation, team
from models.ground import keys, store
from models.ground.settings import Settings
from models.viewer import TeamRole


async def create_firm(
    settings: Settings, name: str, slug: str, owner_name: str, owner_email: str, password: str
) -> None:
    async with opened(settings):
        async with store.transaction():
            by = await firm.create(name=name, slug=slug)
            await team.add(by, name=owner_name, email=owner_email, secret=password, role=TeamRole.OWNER)
        typer.echo(f"{name} is ready. {owner_email} can sign in with the password you gave.")


async def rotate_key(settings: Settings, *, leaked: bool) -> None:
    old = keys.old(settings)
    async with opened(settings, known_key=False):
        await installation.rotate_key(old, leaked=leaked)
        if leaked:
            typer.echo(
                "The key is rotated, and each firm has a new one. Links that are out are dead; invitations can be sent"
                " again. Mailboxes are listed anew by themselves."
            )
        else:
            typer.echo("The key is rotated. Links that are out, passwords and second factors stay good.")
        typer.echo("Keep the old key as long as you keep backups from before.")


async def replace_key(settings: Settings) -> None:
    async with opened(settings, known_key=False):
        replaced = await installation.replace_key()
        typer.echo(f"The key is replaced. {replaced.mailboxes} mailboxes wait for their password (updateMailbox).")
        if replaced.second_factors:
            typer.echo(
                f"The second factor of {replaced.second_factors} colleagues is off: the password alone signs them in"
                " until they set it up anew (startTwoFactor)."
            )
