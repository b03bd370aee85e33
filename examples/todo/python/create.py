import time

import store
from answers import answer, body_of, malformed


def handler(event, context):
    given = body_of(event)
    if given is None:
        return malformed()
    todo = {"id": store.new_id(), "created": time.time(), **given}
    store.save(todo)
    print("created", todo["id"])
    return answer(201, todo)
