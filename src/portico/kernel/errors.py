"""The root of every error that Portico raises on purpose."""


class PorticoError(Exception):
    """Something went wrong that we foresaw. Its text is for an operator, never for a client of an API."""
