"""All that is due from any mailbox is sent, as a worker sends it that reads nothing, to be killed in it."""

from pathlib import Path

from mail.parsing import ParserPool
from mail.sync import Tools
from mail.sync.attending import Attendance, attend
from models.ground import files
from models.ground.settings import Settings
from models.mailbox import lease
from tests.waiting import PATIENCE


async def send_all(var: str) -> None:
    files.open_files(Settings(var=Path(var)))
    tools = Tools(ParserPool(), development=True, timeout=PATIENCE)
    while claimed := await lease.claim("child", most=1):
        await attend(Attendance(claimed[0]), tools)
