"""
E-mail in: discover → match → fetch → parse → store. What one step leaves behind is in the database, so that whoever
goes on after a cut, a kill or a restart loses nothing and does nothing twice (R22).

worker = Worker(development=settings.development)
await worker.run()        # until `await worker.stop()`
"""

from mail.sync.attending import sync_once
from mail.sync.tools import Tools
from mail.sync.worker import Worker

__all__ = ["Tools", "Worker", "sync_once"]
