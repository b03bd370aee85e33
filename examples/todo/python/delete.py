import store
from answers import answer


def handler(event, context):
    """Deleting again what is gone is no error: who was not told may ask twice."""
    number = event["pathParameters"]["id"]
    if store.is_id(number):
        store.remove(number)
    return answer(204)
