"""What `make run` shows. The lines to paste stand at the margin, unwrapped, so that a shell takes all of them."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from petstore import REGION, STAGE, Route, pets, routes
from portico_process import Place, PorticoEnded

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a listener on all addresses is reached."""


def show(console: Console, place: Place, api_id: str, in_the_way: Iterable[str]) -> None:
    """`in_the_way` are names of variables that another terminal has to unset."""
    url = _url(place, api_id)
    console.print()
    console.print(Rule(Text(f"Portico serves the Pet Store (ready in {place.seconds:.1f} s)", "bold"), align="left"))
    console.print(_addresses(place, url))
    console.print()
    console.print(_table(routes(place, api_id)))
    console.print()
    status, answer = pets(place, api_id)
    console.print(
        Text.assemble(("GET /pets", "bold"), " answered ", (str(status), "green" if status == 200 else "red"))
    )
    for pet in answer if isinstance(answer, list) else [answer]:
        console.print(Text("  " + json.dumps(pet), "dim"), soft_wrap=True)
    console.print()
    console.print(Rule(Text("Paste into another terminal", "bold"), align="left"))
    for line in lines(place, api_id, url, in_the_way):
        console.print(Text(line, "dim" if line.startswith("#") else "cyan"), soft_wrap=True)
    console.print(Rule())
    console.print("Ctrl-C stops Portico and the backend. `make run` again serves the same API again.", style="bold")


def show_stopping(console: Console) -> None:
    console.print("\nStopped.")


def show_failure(console: Console, ended: PorticoEnded) -> None:
    console.print(Text(ended.words or "Portico ended without a word.", "bold red"), soft_wrap=True)
    if "cannot listen" in ended.words:
        console.print("Choose other addresses: make run CONTROL=127.0.0.1:4567 GATEWAY=127.0.0.1:9090", soft_wrap=True)
    if "in use by another Portico" in ended.words:
        console.print(
            "Is `make run` under way in another terminal? A second one beside it needs a folder and addresses of its "
            "own: make run DATA_DIR=/tmp/portico-2 CONTROL=127.0.0.1:4567 GATEWAY=127.0.0.1:9090",
            soft_wrap=True,
        )


def _addresses(place: Place, url: str) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in (
        ("Pet Store", url),
        ("AWS API", place.control),
        ("credentials", str(place.credentials)),
        ("log", str(place.log)),
    ):
        grid.add_row(Text("  " + name, "dim"), Text(value, "cyan", overflow="fold"))
    return grid


def _table(served: list[Route]) -> Table:
    table = Table.grid(padding=(0, 2))
    for verb, path, kind, backend in served:
        table.add_row(Text("  " + verb, "green"), path, Text(kind, "magenta"), Text(backend, "dim", overflow="fold"))
    return table


def lines(place: Place, api_id: str, url: str, in_the_way: Iterable[str]) -> Iterator[str]:
    """What a shell can take, top to bottom. Comments have no quotes and no brackets: zsh reads them as words."""
    aws, python = (shlex.quote(str(Path(sys.executable).with_name(name))) for name in ("aws", "python"))
    yield "# A proxy with a backend behind it"
    yield f"curl {url}/pets"
    yield f"curl '{url}/pets?type=cat'"
    yield f'curl -H \'Content-Type: application/json\' -d \'{{"type": "parrot", "name": "Polly"}}\' {url}/pets'
    yield f"curl -X PATCH -d anything {url}/echo/whatever/is/here"
    yield "# Mocks: a greeting, and what a browser asks before a request of another origin"
    yield f"curl {url}/hello"
    yield f"curl -i -X OPTIONS {url}/pets"
    yield "# For the tools of AWS: the endpoint and the credentials are all that is different"
    yield from (f"unset {name}" for name in in_the_way)
    yield f"export AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(place.credentials))}"
    yield f"export AWS_ENDPOINT_URL={place.control}"
    yield f"export AWS_DEFAULT_REGION={REGION}"
    yield "# The AWS CLI: look around, and change a variable of the stage, which acts at once"
    yield f"{aws} apigateway get-rest-apis"
    yield f"{aws} apigateway get-stage --rest-api-id {api_id} --stage-name {STAGE}"
    change = "op=replace,path=/variables/greeting,value=Servus"
    yield f"{aws} apigateway update-stage --rest-api-id {api_id} --stage-name {STAGE} --patch-operations {change}"
    yield f"curl {url}/hello"
    yield "# boto3: change the mock, deploy, call"
    yield from (line.format(python=python, api_id=api_id, stage=STAGE) for line in _BOTO3.splitlines())
    yield f"curl {url}/hello"


_BOTO3 = """\
{python} -c '
import boto3
aws = boto3.client("apigateway")
resources = aws.get_resources(restApiId="{api_id}", limit=500)["items"]
hello = next(resource["id"] for resource in resources if resource["path"] == "/hello")
aws.update_integration_response(
    restApiId="{api_id}", resourceId=hello, httpMethod="GET", statusCode="200", patchOperations=[
        dict(op="replace", path="/responseTemplates/application~1json", value="Changed by boto3\\n")])
print(aws.create_deployment(restApiId="{api_id}", stageName="{stage}")["id"])
'"""


def _url(place: Place, api_id: str) -> str:
    """The address of the stage: by name, as on AWS, where curl finds names below localhost here; else by path."""
    address = urlsplit(place.gateway)
    by_name = f"http://{api_id}.execute-api.localhost:{address.port}/{STAGE}"
    if _answers(f"{by_name}/hello"):
        return by_name
    host = _EVERYWHERE.get(address.hostname or "", address.hostname or "")
    return f"http://{f'[{host}]' if ':' in host else host}:{address.port}/_aws/execute-api/{api_id}/{STAGE}"


def _answers(url: str) -> bool:
    if shutil.which("curl") is None:
        return False
    command = ("curl", "--silent", "--fail", "--output", os.devnull, "--max-time", "5", url)
    return subprocess.run(command, check=False).returncode == 0
