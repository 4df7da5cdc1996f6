"""What can go wrong, with the same fields as in the engine.

Every :class:`Error` says what was asked, of whom, what came back and after how long. None of them is retried silently;
catch the kind that you can handle and let the rest go on.
"""

from __future__ import annotations

import builtins

__all__ = [
    "Error",
    "LinkError",
    "TimeoutError",
    "ClosedError",
    "ProtocolError",
    "InstrumentError",
    "NoReading",
    "OverRange",
    "ReadBackError",
    "MeterRefused",
    "ForeignReply",
    "UserError",
    "UnitError",
    "RigClosed",
    "WrongThread",
    "Ended",
    "Stopped",
]


class Error(Exception):
    """A failure of a link, an instrument, a meter or a file."""

    #: Instrument, link or meter that was asked; empty when nobody was.
    instrument: str = ""
    #: Command as it was sent; frames as hexadecimal.
    command: str = ""
    #: Answer as it came; empty when nothing did.
    got: str = ""
    #: From sending to giving up, seconds.
    after_s: float = 0.0


class LinkError(Error):
    """The transport failed."""


class TimeoutError(LinkError, builtins.TimeoutError):
    """Nothing, or not enough, came before the deadline."""


class ClosedError(LinkError):
    """The peer went away."""


class ProtocolError(Error):
    """An answer that its protocol does not allow."""


class InstrumentError(Error):
    """The instrument reported an error of its own."""


class NoReading(InstrumentError):
    """Not a number, stale, a sentinel, or implausible: never a number."""


class OverRange(InstrumentError):
    """More than the instrument's range holds: all that is known is that it is more."""


class ReadBackError(InstrumentError):
    """A setting that did not read back within the instrument's accuracy."""


class MeterRefused(Error):
    """The meter answered with an error reply."""


class ForeignReply(ProtocolError):
    """A well-formed reply from another meter's address."""


class UserError(Error, ValueError):
    """Files or arguments are wrong; the text says what was found and what is expected."""


class UnitError(UserError):
    """A quantity in a unit that is not of the kind that is asked for."""


class RigClosed(Error):
    """A call of a rig that was closed, or of a station whose procedure is over."""


class WrongThread(Error):
    """A call from another thread than the one that the rig, or the procedure, belongs to."""


class Ended(Exception):
    """A procedure ends its attempt with a verdict of its own; raised by ``st.inconclusive()`` and its kin."""

    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        #: ``inconclusive``, ``void`` or ``not_applicable``.
        self.verdict = verdict


class Stopped(BaseException):
    """The work was stopped from outside: Ctrl-C, an interlock, ``stop()`` of another thread.

    No :class:`Exception`, so that a handler of failures does not swallow it.
    """
