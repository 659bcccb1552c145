"""
"Firm F is at position N", from whichever process wrote it to every process that follows: by the database, or by Redis.

They travel by broadcaster and may be lost: it falls silent for good when its server restarts. So the channel is watched
(a beat through itself), built anew when it falls silent, and nobody relies on it: a lost wake-up costs seconds.
"""

from models.ground.wakeups.channel import BEAT, SILENCE, Wakeups

__all__ = ["BEAT", "SILENCE", "Wakeups"]
