"""Where a subscription stands in its feed: alone, near the present, or with its group."""

from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Follower:
    """
    `position`: of the last event that it was given.

    What its next execution is to do: `begins_at`: begin after this position, without FeedReady; None: where its client
    says. `leaves_within`: stop, so that its group goes on, once no more than so many positions are missing; None:
    never. `skips`: of several events that wait for it, give the last alone. `for_group`: give to all of a group, as
    nobody in particular.

    What became of it: `live_at`: the position where it has stopped for its group. `completed`: its group gave it the
    last event that there is.
    """

    position: int = 0
    begins_at: int | None = None
    leaves_within: int | None = None
    live_at: int | None = None
    completed: bool = False
    skips: bool = False
    for_group: bool = False

    def join(self) -> None:
        """It goes on with a group from where it left."""
        assert self.live_at is not None
        self.position, self.live_at = self.live_at, None

    def resume(self) -> None:
        """It goes on alone, and leaves when it has caught up."""
        self.begins_at, self.leaves_within = self.position, 0

    def of_group(self) -> "Follower":
        """The group's own, which begins where the first of its members stands."""
        return Follower(self.position, begins_at=self.position, for_group=True)
