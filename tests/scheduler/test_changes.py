"""What operators ask for becomes commands and requests, and refusals get a meaning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.scheduler import (
    AccountStatus,
    AccountWish,
    Change,
    Field,
    Limit,
    Rejected,
    Reservation,
    ReservationRequest,
    SchedulerError,
    Unavailable,
    Unsupported,
    changes,
)
from portal.scheduler.checks import check_reservation, check_wish
from portal.scheduler.commands import changes as commands
from portal.scheduler.commands import complaints, parsers
from portal.scheduler.commands.parsers.accounts import limits
from portal.scheduler.commands.runner import Answer
from portal.scheduler.errors import ChangeRefused, NoOperator
from portal.scheduler.rest import changes as rest
from portal.scheduler.rest import complaints as rest_complaints
from portal.scheduler.rest.client import Reply
from portal.scheduler.rest.conversation import Order
from portal.scheduler.rest.versions import Version, choose

LESSON = ReservationRequest(
    "lesson-7", 1_795_300_000.5, 1_795_303_600.0, accounts=("hua",), node_count=2
)
MADE = Reservation(
    "lesson-7",
    1_795_300_000.0,
    1_795_303_600.0,
    active=True,
    accounts=("hua",),
    node_count=2,
    nodes="g[1-2]",
    partition="class",
)
SHARES, JOBS = Limit("GrpTRES", "gres/shard"), Limit("MaxJobs")
HUA = AccountStatus(
    "hua", "root", True, ("class",), {SHARES: 4, JOBS: 9}, "hua", "root", ("class",), ("kesuan",)
)
NEWEST = Version("v0.0.45", reserves=True)


def told(before: AccountStatus | None, wish: AccountWish) -> list[str]:
    check_wish(wish)
    found = changes(before, wish, "kesuan")
    return [" ".join(words) for words in commands.account("hua", "c1", "kesuan", found)]


class TestCommands:
    def test_a_reservation(self) -> None:
        assert commands.reservation(replace(LESSON, flags=("FLEX", "MAGNETIC"))) == [
            "create",
            "reservation",
            "reservationname=lesson-7",
            "starttime=uts1795300000",
            "endtime=uts1795303600",
            "nodecnt=2",
            "accounts=hua",
            "flags=FLEX,MAGNETIC",
        ]

    def test_of_a_reservation_only_what_differs_is_changed(self) -> None:
        longer = replace(LESSON, ends=LESSON.ends + 60, accounts=("li",))
        assert commands.reservation_change(MADE, longer) == [
            "update",
            "reservationname=lesson-7",
            "endtime=uts1795303660",
            "accounts=li",
        ]

    def test_a_new_account(self) -> None:
        wish = AccountWish("hua", description="hua yuan", qos=("class",), limits={SHARES: 16})
        assert told(None, wish) == [
            "--immediate add account hua cluster=c1 qos=class GrpTRES=gres/shard=16",
            "--immediate modify account where name=hua set description=hua yuan",
            "--immediate add user kesuan account=hua cluster=c1",
        ]

    def test_a_changed_account(self) -> None:
        wish = AccountWish("hua", parent="city", allowed=False, limits={SHARES: 8, JOBS: None})
        assert told(HUA, wish) == [
            "--immediate modify account where name=hua cluster=c1 set parent=city MaxJobs=-1 "
            "GrpTRES=gres/shard=8",
            "--immediate delete user where name=kesuan account=hua cluster=c1",
        ]

    def test_the_user_is_let_in_anew_before_it_is_taken_out(self) -> None:
        some = AccountWish("hua", partitions=("day", "night"))
        assert told(None, some) == [
            "--immediate add account hua cluster=c1",
            "--immediate add user kesuan account=hua cluster=c1 partition=day",
            "--immediate add user kesuan account=hua cluster=c1 partition=night",
        ]
        assert told(HUA, AccountWish("hua", partitions=("day",))) == [
            "--immediate add user kesuan account=hua cluster=c1 partition=day",
            "--immediate delete user where name=kesuan account=hua cluster=c1 partition=",
        ]
        before = replace(HUA, partitions=("day", "night"))
        assert told(before, AccountWish("hua", partitions=("night", "week"))) == [
            "--immediate add user kesuan account=hua cluster=c1 partition=week",
            "--immediate delete user where name=kesuan account=hua cluster=c1 partition=day",
        ]
        assert told(before, AccountWish("hua", allowed=False)) == [
            "--immediate delete user where name=kesuan account=hua cluster=c1"
        ]

    def test_what_is_so_already_is_no_command(self) -> None:
        wish = AccountWish("hua", "root", "Hua", "root", True, ("class",), {SHARES: 4, JOBS: 9})
        assert told(HUA, wish) == []

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (Answer(1, " Nothing new added.", ""), None),
            (Answer(1, " Nothing deleted", ""), None),
            (Answer(1, "", "delete_reservation x: Requested reservation is invalid"), None),
            (Answer(1, "", "slurm_update error: Requested reservation is invalid"), ChangeRefused),
            (
                Answer(1, "", "Error creating the reservation: Requested nodes are busy"),
                ChangeRefused,
            ),
            (Answer(1, "", "Error creating the reservation: Invalid user id"), NoOperator),
            (Answer(1, "", " Problem adding accounts: Access/permission denied"), NoOperator),
            (Answer(1, "", "TRES type 'gres/shard' not supported with reservations"), Unsupported),
            (Answer(1, "", "Unable to contact slurm controller (connect failure)"), Unavailable),
            (Answer(1, "", "Problem talking to the database: Connection refused"), Unavailable),
            (Answer(-9, "", ""), Unavailable),
        ],
    )
    def test_refusals(self, answer: Answer, kind: type[SchedulerError] | None) -> None:
        error = complaints.of_change(answer)
        assert type(error) is (kind or type(None))

    def test_limits_are_read_in_their_units(self) -> None:
        row = {
            "GrpTRES": "billing=5,gres/shard=2000,mem=200000M",
            "MaxTRES": "mem=2G",
            "GrpWall": "01:40:00",
            "MaxWall": "1-00:00:00",
            "MaxJobs": "",
            "GrpJobs": "7",
        }
        assert limits(row) == {
            Limit("GrpTRES", "billing"): 5,
            SHARES: 2000,
            Limit("GrpTRES", "mem"): 200_000,
            Limit("MaxTRES", "mem"): 2048,
            Limit("GrpWall"): 100,
            Limit("MaxWall"): 1440,
            Limit("GrpJobs"): 7,
        }


class TestRest:
    def orders(self, before: AccountStatus | None, wish: AccountWish) -> list[Order]:
        found = changes(before, wish, "kesuan")
        return rest.account("hua", "c1", before, found, NEWEST)

    def test_a_reservation(self) -> None:
        order = rest.reservation(LESSON, NEWEST)
        assert (order.method, order.path) == ("POST", "/slurm/v0.0.45/reservation")
        assert order.body == {
            "name": "lesson-7",
            "start_time": {"set": True, "infinite": False, "number": 1_795_300_000},
            "end_time": {"set": True, "infinite": False, "number": 1_795_303_600},
            "accounts": ["hua"],
            "node_count": {"set": True, "infinite": False, "number": 2},
        }
        later = rest.reservation(LESSON, NEWEST, MADE).body or {}
        assert later.keys() == {"name", "end_time", "accounts"}

    def test_which_versions_reserve_says_the_document(self) -> None:
        halves = ["/slurm/v0.0.42/jobs", "/slurmdb/v0.0.42/jobs"]
        old = choose({"paths": dict.fromkeys(halves)})
        new = choose({"paths": dict.fromkeys([*halves, "/slurm/v0.0.42/reservation"])})
        assert (old.reserves, new.reserves) == (False, True)
        with pytest.raises(Unsupported):
            rest.reservation(LESSON, old)

    def test_a_new_account_is_made_below_its_parent(self) -> None:
        first, *rest_of_it = self.orders(None, AccountWish("hua", parent="city", allowed=None))
        assert rest_of_it == []
        assert first.path == "/slurmdb/v0.0.45/accounts_association"
        assert first.body == {
            "association_condition": {
                "accounts": ["hua"],
                "clusters": ["c1"],
                "association": {"parent": "city"},
            },
            "account": {"description": "hua", "organization": "city"},
        }

    def test_every_limit_on_resources_goes_along(self) -> None:
        (order,) = self.orders(HUA, AccountWish("hua", limits={JOBS: None}))
        (row,) = (order.body or {})["associations"]
        assert row["parent_account"] == "root"
        assert row["max"]["tres"]["total"] == [{"type": "gres", "name": "shard", "count": 4}]
        assert row["max"]["tres"]["per"] == {"job": []}
        assert row["max"]["jobs"] == {"active": {"set": False, "infinite": True, "number": 0}}

    def test_the_user_is_taken_out(self) -> None:
        (order,) = self.orders(HUA, AccountWish("hua", allowed=False))
        assert (order.method, order.path) == ("DELETE", "/slurmdb/v0.0.45/association")
        assert order.query == {"account": "hua", "cluster": "c1", "user": "kesuan"}

    def test_22_05_changes_no_account(self) -> None:
        found = (Change(SHARES, "", "4"),)
        with pytest.raises(Unsupported):
            rest.account("hua", "c1", HUA, found, replace(NEWEST, changes_accounts=False))

    @pytest.mark.parametrize(
        ("status", "errors", "kind"),
        [
            (200, [], None),
            (200, [{"error_number": 1900}], None),
            (500, [{"error_number": 2002}], NoOperator),
            (422, [{"error_number": 2010}], NoOperator),
            (422, [{"error_number": 2016}], ChangeRefused),
            (400, [{"error_number": -1}], ChangeRefused),
            (200, [{"description": "Missing required field 'user'"}], ChangeRefused),
            (500, [{"error_number": -1}], Unavailable),
            (502, [], Unavailable),
            (404, [], Unavailable),
        ],
    )
    def test_refusals(
        self, status: int, errors: list[dict[str, Any]], kind: type[SchedulerError] | None
    ) -> None:
        error = rest_complaints.of_change(Reply(status, {"errors": errors}, "token"))
        assert type(error) is (kind or type(None))

    def test_a_reservation_that_is_gone_has_ended(self) -> None:
        gone = Reply(422, {"errors": [{"error_number": 2053}]}, "token")
        assert rest_complaints.of_deletion(gone) is None
        assert isinstance(rest_complaints.of_change(gone), Rejected)


@given(
    key=st.sampled_from(["name", "nodes", "tres", "partition"]),
    value=st.text(max_size=40),
)
def test_a_word_of_a_reservation_is_refused_or_stays_one_argument(key: str, value: str) -> None:
    words: dict[str, Any] = {"node_count": None if key in ("nodes", "tres") else 2, key: value}
    request = replace(LESSON, **words)
    try:
        check_reservation(request)
    except Rejected:
        return
    assert value.isascii()
    assert not set(value) & set(" \n\t\0\"'`$;&|<>()\\*?{}#!~")
    assert sum(word.endswith(f"={value}") for word in commands.reservation(request)) == 1


@given(st.text(max_size=60))
def test_a_description_is_refused_or_stays_one_argument(text: str) -> None:
    try:
        words = told(HUA, AccountWish("hua", description=text))
    except Rejected:
        return
    assert words in ([], [f"--immediate modify account where name=hua set description={text}"])
    assert text.isascii()
    assert not set(text) & set("\n\t\0\"'|\\=")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change(Field.ACCOUNT, "", "hua"), "account: + hua"),
        (Change(SHARES, "4", "16"), "GrpTRES gres/shard: 4 → 16"),
        (Change(Field.USER, "kesuan", ""), "user: kesuan → -"),
    ],
)
def test_a_change_is_a_line_for_a_person(change: Change, line: str) -> None:
    assert str(change) == line


PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*/reservations.out"))


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.parent.name)
def test_real_reservations(payload: Path) -> None:
    for found in parsers.reservations(payload.read_text()):
        assert found.starts < found.ends
        assert found.node_count >= 1
        assert found.accounts or found.users


def test_no_reservation_at_all() -> None:
    assert parsers.reservations("No reservations in the system\n") == []
    with pytest.raises(Unavailable):
        parsers.reservations("what?\n")
