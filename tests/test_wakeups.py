"""The channel of wake-ups at its end."""

from structlog.testing import capture_logs

from tests.support.api.feed import a_hub, a_wire_to


async def test_a_channel_that_ends_before_it_has_begun_says_nothing(store: str) -> None:
    """A short command, such as `switchboard doctor`, is done by then; broadcaster makes a KeyError of it."""
    with capture_logs() as said:
        async with a_wire_to(store, freezes_at=b"LISTEN") as wire, a_hub(wire.url):
            await wire.frozen.wait()
    assert said == []
