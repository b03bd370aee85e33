"""A backend for the sample API: a few pets, kept in memory, and an echo. Only the standard library.

By itself: `python examples/backend.py`, which prints where it listens.
"""

import itertools
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PETS = (("cat", "Minka", 249.99), ("dog", "Bello", 124.99), ("fish", "Wanda", 0.99))


class PetShop(ThreadingHTTPServer):
    """The pets, and a server that knows them. `address` is its host and port."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.address = f"{host}:{self.server_port}"
        self._ids = itertools.count(1)
        self.pets: dict[str, dict[str, Any]] = {}
        for kind, name, price in PETS:
            self.add({"type": kind, "name": name, "price": price})

    def add(self, pet: dict[str, Any]) -> dict[str, Any]:
        kept = {**pet, "id": next(self._ids)}
        self.pets[str(kept["id"])] = kept
        return kept


class Handler(BaseHTTPRequestHandler):
    server: PetShop
    protocol_version = "HTTP/1.1"

    def answer_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, query = urlsplit(self.path)[2:4]
        match self.command, path.strip("/").split("/"):
            case "GET", ["pets"]:
                wanted = parse_qs(query).get("type")
                self.say(200, [pet for pet in self.server.pets.values() if not wanted or pet["type"] in wanted])
            case "POST", ["pets"]:
                self.add(body)
            case "GET", ["pets", number] if number in self.server.pets:
                self.say(200, self.server.pets[number])
            case "DELETE", ["pets", number] if number in self.server.pets:
                del self.server.pets[number]
                self.say(204)
            case verb, ["echo", *_]:
                headers = dict(self.headers.items())
                self.say(200, {"method": verb, "path": self.path, "headers": headers, "body": body.decode("latin-1")})
            case _:
                self.say(404, {"message": f"No {self.command} {path} here"})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer_request

    def add(self, body: bytes) -> None:
        try:
            pet = json.loads(body)
        except ValueError:
            pet = None
        if isinstance(pet, dict):
            self.say(201, self.server.add(pet))
        else:
            self.say(400, {"message": "A pet is a JSON object"})

    def say(self, status: int, document: Any = None) -> None:
        body = b"" if document is None else (json.dumps(document) + "\n").encode()
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent: the gateway in front of it logs."""


if __name__ == "__main__":
    with PetShop() as shop:
        print(f"http://{shop.address}/pets", flush=True)
        with suppress(KeyboardInterrupt):
            shop.serve_forever()
