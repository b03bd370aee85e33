"""A real nginx as the backend: on a free port, in a folder of its own, ended by its own process id."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 60.0

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_max_body_size 20m; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  gzip on; gzip_types text/plain application/json; gzip_min_length 10; gzip_http_version 1.1;
  types {{ text/plain txt; application/octet-stream bin; }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    location /teapot {{ return 418 "short and stout"; }}
    location /nothing {{ return 204; }}
    location /moved {{ return 302 /elsewhere; }}
    location /close {{ keepalive_timeout 0; return 200 "closed"; }}
    location /upload {{ proxy_pass http://127.0.0.1:{port}/taken; proxy_http_version 1.1; }}
    location /taken {{ client_body_in_single_buffer on; return 200 "$request_method $content_length"; }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """Its address, `http://127.0.0.1:PORT`. Files under `folder/files` are served. NOT RUN where there is no nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        pytest.skip("NOT RUN: nginx is not installed")
    (folder / "files").mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(user + _CONFIGURATION.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "nginx ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "nginx does not listen"
        else:
            return
