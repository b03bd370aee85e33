"""Answers that API Gateway understands, and that pages of another origin may read."""

import json

_HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}


def answer(status, document=None):
    return {"statusCode": status, "headers": _HEADERS, "body": "" if document is None else json.dumps(document)}


def not_found():
    return answer(404, {"message": "There is no such to-do"})


def body_of(event):
    """The to-do that a request brought: its text, and whether it is done; None where it brought none."""
    try:
        given = json.loads(event["body"] or "")
        text, done = given["text"].strip(), given.get("done", False)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return {"text": text, "done": done} if text and isinstance(done, bool) else None


def malformed():
    return answer(400, {"message": 'A to-do is {"text": "…", "done": false}'})
