"""`python -m models.ground.embedded FOLDER`: run a server there, say its URL, stop it at Ctrl-C or SIGTERM."""

import signal
import sys
from pathlib import Path

from models.ground.embedded import Embedded, EmbeddedFailed


def main(folder: Path) -> None:
    server = Embedded.start(folder)
    try:
        sys.stdout.write(f"{server.url}\n{server.data_folder}\n")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(Path(sys.argv[1]))
    except EmbeddedFailed as failure:
        sys.exit(str(failure))
