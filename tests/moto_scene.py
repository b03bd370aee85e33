"""moto's server as AWS: an independent implementation, started as a process of its own and talked to over HTTP only."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ACCOUNT = "123456789012"
"""The one that moto plays."""
REGION = "us-east-1"
KEY, SECRET = "AKIDMOTO", "moto/secret"
PATIENCE = 60.0
"""Seconds until it listens: its first start compiles what it imports."""
_RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:[0-9]+)")


class Moto:
    """One server. `url` is its address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str) -> Any:
        session = boto3.Session(KEY, SECRET, region_name=REGION)
        settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=self.url, config=settings)

    def orders_and_items(self) -> str:
        """The queue and the table of examples/service-proxy.yaml; the queue's URL."""
        self.client("dynamodb").create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        url: str = self.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        return url

    @property
    def environ(self) -> dict[str, str]:
        """For a server whose AWS is this one."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@contextmanager
def moto(folder: Path) -> Iterator[Moto]:
    """NOT RUN where it is not installed."""
    program = Path(sys.executable).with_name("moto_server")
    if not program.exists():
        pytest.skip("NOT RUN: moto's server is not installed")
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Moto(_address(process))
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _address(process: "subprocess.Popen[str]") -> str:
    """Wait until it says where it listens; what it says from then on is read and forgotten."""
    assert process.stdout is not None
    said: list[str] = []
    begun = time.monotonic()
    for line in process.stdout:
        said.append(line)
        match = _RUNNING.search(line)
        if match is not None:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return match[1]
        assert time.monotonic() - begun < PATIENCE, said
    raise AssertionError(f"moto's server ended: {said}")
