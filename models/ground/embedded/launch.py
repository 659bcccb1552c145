"""Becomes the server: the step between our process and PostgreSQL's. Run as a script, standard library only.

    python -I -S launch.py PARENT UID GID PROGRAM ARGUMENT...

A script and not a `preexec_fn`, which is unsafe in a process with threads. It starts as us, because the server's
user may be unable to reach our Python.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Drop to `uid`, ask the kernel for SIGINT (a fast shutdown) when `parent` dies, and run `command`."""
    os.umask(0o077)
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # after setuid, which clears it; elsewhere the next start adopts the server
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit("The process that wanted PostgreSQL has ended.")
    os.execv(command[0], command)  # noqa: S606 - the server that we ship


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
