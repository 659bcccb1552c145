"""PostgreSQL without installing it: a server of our own under a folder, for development, tests and small firms.

server      Embedded: start, attach, adopt, stop
home        where its files live, and which user may reach them
programs    initdb and postgres from the wheel, run as that user
cluster     the first start: initdb, and the database "switchboard"
postmaster  the running server: its lock file, and the process that we started
launch      the script that becomes the server (drops root, dies with us)
ownership   one owner per folder, by a file lock that a kill -9 releases
failure     EmbeddedFailed, and PostgreSQL's words in plain ones
"""

from models.ground.embedded.failure import EmbeddedFailed
from models.ground.embedded.server import Embedded

__all__ = ["Embedded", "EmbeddedFailed"]
