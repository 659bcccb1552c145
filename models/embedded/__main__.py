"""`python -m models.embedded FOLDER`: run a server there, say its URL, stop it at Ctrl-C or SIGTERM."""

import signal
import sys
from pathlib import Path

from models.embedded import Embedded, EmbeddedFailed

try:
    server = Embedded.start(Path(sys.argv[1]))
except EmbeddedFailed as failure:
    sys.exit(str(failure))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
sys.stdout.write(f"{server.url}\n{server.data_folder}\n")
sys.stdout.flush()
signal.sigwait({signal.SIGINT, signal.SIGTERM})
server.stop()
