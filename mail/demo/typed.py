"""What people type after the demo's commands."""

import argparse

MOST = 100_000


def count(typed: str) -> int:
    """From 1 to MOST. Raises argparse.ArgumentTypeError."""
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= MOST):
        raise argparse.ArgumentTypeError(f"say how many, from 1 to {MOST}")
    return int(typed)
