import store
from answers import answer


def handler(event, context):
    return answer(200, store.every())
