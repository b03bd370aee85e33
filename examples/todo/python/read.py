import store
from answers import answer, not_found


def handler(event, context):
    number = event["pathParameters"]["id"]
    todo = store.load(number) if store.is_id(number) else None
    return answer(200, todo) if todo else not_found()
