"""An e-mail is written; all that is due is sent, as a worker sends it that reads nothing: to be killed in it."""

from pathlib import Path
from uuid import UUID

from mail.parsing import ParserPool
from mail.sync import Tools
from mail.sync.attending import Attendance, attend
from models import submission
from models.ground import files
from models.ground.settings import Settings
from models.mailbox import lease
from models.submission import NewEmail
from models.viewer import Viewer
from tests.support.firm.cast import MARTA
from tests.support.waiting import PATIENCE


async def send_all(var: str) -> None:
    files.open_files(Settings(var=Path(var)))
    tools = Tools(ParserPool(), development=True, timeout=PATIENCE)
    while claimed := await lease.claim("child", most=1):
        await attend(Attendance(claimed[0]), tools)


async def write(by: Viewer, box: UUID) -> None:
    await submission.send(by, NewEmail(box, (MARTA,), (), "The offer", "Here it is."), key="the same")
