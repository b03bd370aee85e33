"""AWS's own clients of the Runtime API, each made into the zip of a `provided.al2023` function.

Every one of them answers `{"say": "hello"}` with `{"said": "hello", "requestId": …, "arn": …}`, prints what it says,
fails where it has nothing to say, and ends its process where it is told to (`{"exit": true}`). To `{"stream": 3}` it
answers `piece 0`, `piece 1` and `piece 2`, and then breaks off where `{"breaks": true}`.
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zip_files import zipped

GO = """\
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Say    string `json:"say"`
	Exit   bool   `json:"exit"`
	Stream int    `json:"stream"`
	Breaks bool   `json:"breaks"`
}

func pieces(asked event) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		for n := range asked.Stream {
			fmt.Fprintln(writer, "piece", n)
		}
		if asked.Breaks {
			writer.CloseWithError(errors.New("no more"))
		}
		writer.Close()
	}()
	return reader
}

func handle(ctx context.Context, asked event) (any, error) {
	if asked.Exit {
		os.Exit(3)
	}
	if asked.Stream > 0 {
		return pieces(asked), nil
	}
	if asked.Say == "" {
		return nil, errors.New("nothing to say")
	}
	fmt.Println("saying", asked.Say)
	called, _ := lambdacontext.FromContext(ctx)
	return map[string]string{"said": asked.Say, "requestId": called.AwsRequestID, "arn": called.InvokedFunctionArn}, nil
}

func main() { lambda.Start(handle) }
"""
PYTHON = """\
import os

def handler(event, context):
    if event.get("exit"):
        os._exit(3)
    if not event.get("say"):
        raise ValueError("nothing to say")
    print("saying", event["say"])
    return {"said": event["say"], "requestId": context.aws_request_id, "arn": context.invoked_function_arn}

def streams(event, context):
    if event["breaks"]:
        raise ValueError("no more")
    return "".join(f"piece {n}\\n" for n in range(event["stream"])).encode()
"""
NODE = """\
exports.handler = async (event, context) => {
  if (event.exit) process.exit(3);
  if (!event.say) throw new Error("nothing to say");
  console.log("saying", event.say);
  return { said: event.say, requestId: context.awsRequestId, arn: context.invokedFunctionArn };
};
exports.streams = awslambda.streamifyResponse(async (event, stream) => {
  for (let n = 0; n < event.stream; n++) stream.write(`piece ${n}\\n`);
  if (event.breaks) throw new Error("no more");
  stream.end();
});
"""
_AWS_LAMBDA_GO = "github.com/aws/aws-lambda-go v1.55.1"
_SUMS = f"""\
{_AWS_LAMBDA_GO} h1:We2cCp4BwqqH/JW+bEEo1FhgG71rslvjfi4y7KmlrR0=
{_AWS_LAMBDA_GO}/go.mod h1:V+NzkHNR6vBC8C1PDloqSLE+7jYWFiPvJJFiCiTm8nE=
"""
_GO_SECONDS = 300.0
"""The standard library is compiled once a machine, which takes half a minute of a processor; then it is seconds."""


def go_zip(folder: Path) -> bytes:
    """A program on github.com/aws/aws-lambda-go, the most used of all custom runtimes."""
    if shutil.which("go") is None:
        pytest.skip("NOT RUN: Go (go) is not installed")
    (folder / "go.mod").write_text(f"module example.com/says\n\ngo 1.26\n\nrequire {_AWS_LAMBDA_GO}\n")
    (folder / "go.sum").write_text(_SUMS)
    (folder / "main.go").write_text(GO)
    if _go(folder, "mod", "download").returncode:
        pytest.skip("NOT RUN: aws-lambda-go is not to be had (no Go 1.26, or no module proxy)")
    # Without cgo: the program needs no library of the system that it meets. With the build tag as AWS advises.
    built = _go(folder, "build", "-tags", "lambda.norpc", "-o", "bootstrap", ".")
    assert not built.returncode, built.stderr
    return zipped({"bootstrap": (folder / "bootstrap").read_bytes()})


def _go(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    return subprocess.run(
        ["go", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=_GO_SECONDS, check=False
    )


def python_zip(_: Path) -> bytes:
    """awslambdaric, whose files the zip brings along."""
    if importlib.util.find_spec("awslambdaric") is None:
        pytest.skip("NOT RUN: awslambdaric is not installed")
    system = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    if not os.path.exists(system):
        pytest.skip(f"NOT RUN: there is no {system}, which a function can start")
    brought = {name: content for package in _PACKAGES for name, content in _installed(package).items()}
    start = f'#!/bin/sh\nexec {system} -m awslambdaric "$_HANDLER"\n'
    return zipped({**brought, "bootstrap": start, "index.py": PYTHON})


_PACKAGES = ("awslambdaric", "simplejson", "snapshot_restore_py")


def _installed(package: str) -> dict[str, bytes]:
    files = importlib.metadata.files(package) or []
    return {str(one): one.read_binary() for one in files if one.suffix in (".py", ".so")}


def node_zip(_: Path) -> bytes:
    """aws-lambda-ric, which has to be compiled for minutes: only where somebody has done that."""
    modules = os.environ.get("PORTICO_AWS_LAMBDA_RIC", "")
    if not modules or shutil.which("node") is None:
        pytest.skip("NOT RUN: no Node.js (node), or no compiled aws-lambda-ric (set PORTICO_AWS_LAMBDA_RIC)")
    client = Path(modules, "aws-lambda-ric")
    wanted = [one for pattern in ("package.json", "bin/*", "dist/*") for one in client.glob(pattern)]
    brought = {f"node_modules/aws-lambda-ric/{one.relative_to(client)}": one.read_bytes() for one in wanted}
    entry = json.loads((client / "package.json").read_text())["bin"]["aws-lambda-ric"]
    start = f'#!/bin/sh\nexec node node_modules/aws-lambda-ric/{entry} "$_HANDLER"\n'
    return zipped({**brought, "bootstrap": start, "index.js": NODE})


CLIENTS = {"aws-lambda-go": go_zip, "awslambdaric": python_zip, "aws-lambda-ric": node_zip}
