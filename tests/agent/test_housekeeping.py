"""What nobody can reach any more goes; what somebody may still want stays."""

from __future__ import annotations

from portal.agent.folders import batch_folder
from portal.agent.housekeeping import BATCHES_KEPT_S, KEYS_KEPT_S, Housekeeping
from portal.store import EVERYONE
from portal.store.tables import Answered
from tests.agent.conftest import World


def test_old_keys_and_closed_batches_go_and_young_ones_stay(world: World) -> None:
    world.add_runs(1)
    world.dispatch.send_waiting()
    (batch,) = world.batches()
    folder = world.settings.data.root / batch_folder(batch.id)
    with world.store.begin(EVERYONE) as session:
        for key, age in (("young", 0.0), ("old", KEYS_KEPT_S + 1)):
            values = {"user_id": world.owner_id, "key": key, "fingerprint": "f", "made": {}}
            session.add(Answered(**values, created_at=world.clock() - age))
    housekeeping = Housekeeping(world.settings, world.store, world.clock)

    housekeeping.sweep()
    with world.store.reading(EVERYONE) as session:
        assert [row.key for row in session.query(Answered)] == ["young"]
    assert folder.is_dir()

    world.clock.advance(BATCHES_KEPT_S + 60)
    housekeeping.sweep()
    assert folder.is_dir(), "a batch that is not closed keeps its folder"
    with world.store.begin(EVERYONE) as session:
        session.merge(batch).state = "closed"
    housekeeping.sweep()
    assert not folder.exists()
