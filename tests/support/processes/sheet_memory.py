"""
Reads a file as the program does, from standard input; then says on standard error what it took, as JSON: `bytes` of
memory at its peak, `seconds` of the processor. python -m tests.support.processes.sheet_memory
"""

import json
import resource
import sys
from pathlib import Path

from models.sheet import child

if __name__ == "__main__":
    child.main()
    words = Path("/proc/self/status").read_text().split()
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {"bytes": int(words[words.index("VmHWM:") + 1]) * 1024, "seconds": used.ru_utime + used.ru_stime}
    print(json.dumps(took), file=sys.stderr)
