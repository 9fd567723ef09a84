"""The one exception that a user is meant to read."""

from __future__ import annotations


class EngineError(Exception):
    """A fault in what the user gave us, in one clear sentence.

    Args:
        what: what is wrong, as a clause without a full stop ("the file holds no graph").
        where: the file, node or field.
        expected: what would have been right.
        found: what was there instead.
        try_this: the next step for the user.
    """

    def __init__(
        self, what: str, where: str = "", expected: str = "", found: str = "", try_this: str = ""
    ) -> None:
        self.what, self.where = what, where
        self.expected, self.found, self.try_this = expected, found, try_this
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What, where, expected, found and what to try, as one line of text."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            text += f"; expected {self.expected}"
        if self.found:
            text += f", found {self.found}" if self.expected else f"; found {self.found}"
        if self.try_this:
            text += f". Try: {self.try_this}"
        return text.rstrip(".") + "."

    def __reduce__(self) -> tuple[type[EngineError], tuple[str, ...]]:
        return EngineError, (self.what, self.where, self.expected, self.found, self.try_this)
