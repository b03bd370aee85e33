import store
from answers import answer, body_of, malformed, not_found


def handler(event, context):
    number = event["pathParameters"]["id"]
    before = store.load(number) if store.is_id(number) else None
    if before is None:
        return not_found()
    given = body_of(event)
    if given is None:
        return malformed()
    todo = {**before, **given}
    store.save(todo)
    return answer(200, todo)
