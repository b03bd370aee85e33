"""Where the to-dos are: a file for each in the folder that all the functions mount."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

FOLDER = Path(os.environ["TODO_FILES"])
_ID = re.compile(r"[0-9a-f]{32}")


def new_id():
    return uuid4().hex


def is_id(text):
    """Ids become names of files: nothing else may."""
    return _ID.fullmatch(text) is not None


def every():
    """The oldest first."""
    found = (load(path.stem) for path in FOLDER.glob("*.json"))
    return sorted((todo for todo in found if todo), key=lambda todo: (todo["created"], todo["id"]))


def load(number):
    with suppress(FileNotFoundError):
        return json.loads((FOLDER / f"{number}.json").read_text())
    return None


def save(todo):
    """Whole or not at all: a reader never sees half of it, and a function that dies here leaves what was."""
    draft = FOLDER / f".{todo['id']}.{uuid4().hex}"
    draft.write_text(json.dumps(todo))
    draft.replace(FOLDER / f"{todo['id']}.json")


def remove(number):
    (FOLDER / f"{number}.json").unlink(missing_ok=True)
