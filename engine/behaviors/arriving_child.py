"""The confined process of `arriving.py`: reads a file of predictions on standard input."""

from __future__ import annotations

import json

from engine.behaviors.arriving import SHOWN_IN
from engine.behaviors.instances import arrays_of_instances
from engine.behaviors.keeping import Arrays, arrays_of, heard
from engine.behaviors.reading import parsed
from engine.errors import EngineError
from engine.formats import respond


def answer(data: bytes, name: str) -> Arrays:
    """What a file of predictions holds, as arrays of numbers.

    Raises:
        EngineError: it is none.
    """
    made, shown = parsed(data, name)
    found = arrays_of(made) | {SHOWN_IN + k: a for k, a in arrays_of_instances(shown).items()}
    for head in ("head", f"{SHOWN_IN}head"):
        try:  # halves of characters, which JSON lets through, and no page can show
            json.dumps(heard(found[head]), ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise EngineError("a word holds half a character", name) from error
    return found


if __name__ == "__main__":
    respond(answer)
