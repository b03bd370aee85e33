"""What an instance finds in its environment that only its host knows (guide, "Defined runtime environment variables").

Nothing of our own environment is handed on: an instance has what is named here, what follows from its version (which
the launcher adds), and its function's own variables.
"""

import secrets
import string
from typing import Final

_LETTERS: Final = string.ascii_uppercase + "234567"
_TOKEN: Final = string.ascii_letters + string.digits + "+/"


def variables(region: str, stream: str) -> dict[str, str]:
    """For one instance, whose log stream is `stream`.

    The credentials are of its own and known to nobody: as long as roles mean nothing here, they open nothing.
    """
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "ASIA" + _random(_LETTERS, 16),
        "AWS_SECRET_ACCESS_KEY": _random(_TOKEN, 40),
        "AWS_SESSION_TOKEN": _random(_TOKEN, 356),
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
    }


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
