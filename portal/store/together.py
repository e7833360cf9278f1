"""Who asks the same at the same moment is answered together.

A transaction costs nearly the same for one row as for forty. So while one is going on, whoever
comes waits, and the first of those who wait asks for all of them. Whoever comes while nothing is
going on asks at once: nobody ever waits for somebody who has not come yet.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

MOST = 200  # asked for at once; the next of those who wait goes on from there


class Together(Generic[Ask, Answer]):
    """A function of many, to be called with one; safe to call from any number of threads.

    `answer` takes what was asked and gives for each, in the same order, its answer or the error
    that its caller shall see. What `answer` raises, every caller of that round sees.

    A round of `behind`, if one is going on, is waited for. Where everybody asks us first and then
    `behind`, which is slower, many small rounds of ours would bring nobody sooner through.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Ask]], Sequence[Answer | Exception]],
        *,
        behind: Together[Any, Any] | None = None,
    ) -> None:
        self._answer = answer
        self._behind = behind
        self._changing = threading.Lock()
        # Of those who wait the first leads the next round. Nobody waits while nobody leads.
        self._waiting: deque[_Turn[Ask, Answer]] = deque()
        self._led = False
        self._at_rest = threading.Event()
        self._at_rest.set()

    def __call__(self, ask: Ask) -> Answer:
        """The answer for `ask`; raises what `answer` gave or raised for it."""
        turn: _Turn[Ask, Answer] = _Turn(ask)
        with self._changing:
            self._waiting.append(turn)
            turn.leads, self._led = not self._led, True
        if not turn.leads:
            try:
                turn.called.wait()
            except BaseException:  # a worker that is told to go ends its waiting requests
                self._leave(turn)
                raise
        if not turn.said:
            self._lead()
        (said,) = turn.said
        if isinstance(said, BaseException):
            raise said
        return said

    def _lead(self) -> None:
        """A round for the first of those who wait, the leader first of all."""
        try:
            if self._behind is not None:
                self._behind._at_rest.wait()
            self._at_rest.clear()
            self._answer_all()
        finally:
            self._at_rest.set()
            self._hand_over()

    def _answer_all(self) -> None:
        with self._changing:
            turns = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            answers: Sequence[Answer | BaseException] = self._answer([turn.ask for turn in turns])
        except BaseException as fault:  # nobody may be left waiting, also where a worker ends
            answers = [fault] * len(turns)
        # Everybody is called by a signal of their own, all at once: passing one lock on from hand
        # to hand takes a turn of a busy worker for each of them.
        for turn, answer in zip(turns, answers, strict=True):
            turn.said.append(answer)
            turn.called.set()

    def _hand_over(self) -> None:
        with self._changing:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].called.set()

    def _leave(self, turn: _Turn[Ask, Answer]) -> None:
        """Somebody waits no longer; whoever was to lead leaves that to the next."""
        with self._changing:
            if turn in self._waiting:
                self._waiting.remove(turn)
        if turn.leads and not turn.said:
            self._hand_over()


class _Turn(Generic[Ask, Answer]):
    """Somebody who waits: to be told the answer, or to lead a round."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.leads = False
        self.called = threading.Event()
        self.said: list[Answer | BaseException] = []
