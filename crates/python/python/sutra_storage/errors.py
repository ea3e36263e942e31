"""The exceptions: ``SutraError``, and one subclass for each thing that can go wrong.

Each message says what to do next. Nothing is written by a call that raised, except ``PoisonedError`` and ``IoError`` after
acceptance (``durability="always"``, ``wait_*``, ``flush``, ``close``): then the outcome is known at the next open.
"""


class SutraError(Exception):
    """What all exceptions of this package are."""


class InvalidArgumentError(SutraError, ValueError):
    """An argument is out of its range: see ``field`` and ``reason``."""

    field: str = ""
    reason: str = ""


class DimensionMismatchError(SutraError, ValueError):
    """An embedding has ``got`` dimensions, the storage's have ``expected``."""

    expected: int = 0
    got: int = 0


class BackpressureError(SutraError):
    """The write log is full, and stayed so for as long as the call may wait."""


class TooLargeError(SutraError):
    """A write of ``operations`` operations and ``bytes`` bytes is larger than the write log."""

    operations: int = 0
    bytes: int = 0


class FullError(SutraError):
    """The 32-bit numbers of records are used up."""


class LockedError(SutraError):
    """The folder is open in process ``pid`` on ``host`` since ``since`` (microseconds since the Unix epoch)."""

    pid: int = 0
    host: str = ""
    since: int = 0


class CorruptError(SutraError):
    """Bytes on the disk are not what was written there: in ``region``, at byte ``offset``."""

    region: str = ""
    offset: int = 0


class NotOursError(SutraError):
    """``storage.dat`` is not of this engine, or the write-ahead log belongs to another one."""


class NewerVersionError(SutraError):
    """Written by a newer program: format ``found``, this one reads up to ``supported``."""

    found: int = 0
    supported: int = 0


class ConfigMismatchError(SutraError):
    """``field`` is fixed for the life of the storage: it is ``stored``, not ``given``."""

    field: str = ""
    stored: str = ""
    given: str = ""


class PoisonedError(SutraError):
    """Writing has stopped for good, for the ``cause``; reading goes on."""

    cause: str = ""


class ClosedError(SutraError):
    """The storage was closed."""


class ForkedError(SutraError):
    """The process was forked after the storage was opened: open it anew in the child, or write in the parent."""


class IoError(SutraError, OSError):
    """The system refused something; ``errno`` is its number, if it has one."""
