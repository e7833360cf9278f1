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
        self._waiting: deque[_Turn[Ask, Answer]] = deque()
        self._going = threading.Lock()
        self._behind = behind

    def __call__(self, ask: Ask) -> Answer:
        """The answer for `ask`; raises what `answer` gave or raised for it."""
        turn: _Turn[Ask, Answer] = _Turn(ask)
        self._waiting.append(turn)
        with self._going:
            # Somebody who was here before may have asked for us.
            while not turn.said:
                if self._behind is not None:
                    self._behind._wait()
                self._answer_all()
        (said,) = turn.said
        if isinstance(said, BaseException):
            raise said
        return said

    def _wait(self) -> None:
        """Until the round that is going on, if one is, has ended."""
        with self._going:
            pass

    def _answer_all(self) -> None:
        turns = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            answers: Sequence[Answer | BaseException] = self._answer([turn.ask for turn in turns])
        except BaseException as fault:  # nobody may be left waiting, also where a worker ends
            answers = [fault] * len(turns)
        for turn, answer in zip(turns, answers, strict=True):
            turn.said = (answer,)


class _Turn(Generic[Ask, Answer]):
    """Somebody who waits, and what they were told."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.said: tuple[Answer | BaseException] | tuple[()] = ()
