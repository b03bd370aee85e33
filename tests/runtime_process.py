"""A runtime's bootstrap started on a folder of files, not confined: for tests of the bootstrap alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portico.adapters.function_host.runtimes import BOOTSTRAPS
from runtime_api_scene import PATIENCE, REQUEST_ID, RuntimeApiScene

PYTHON = (sys.executable, "-S", str(BOOTSTRAPS / "python_runtime.py"))
NODE = ("node", str(BOOTSTRAPS / "nodejs" / "main.cjs"))


class Running:
    def __init__(self, process: subprocess.Popen[bytes], api: RuntimeApiScene) -> None:
        self._process = process
        self.api = api
        self.invoke = api.invoke

    def log(self) -> str:
        """What it wrote, once it has ended: it is ended where it does not by itself."""
        return self._process.communicate(timeout=PATIENCE)[0].decode()

    def stop_and_log(self) -> str:
        self._process.kill()
        return self.log()

    def exit_status(self) -> int:
        return self._process.wait(PATIENCE)


@contextmanager
def running(
    command: tuple[str, ...], folder: Path, files: dict[str, str], handler: str, **variables: str
) -> Iterator[Running]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    environment = {
        "PATH": os.environ["PATH"],
        "_HANDLER": handler,
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_LAMBDA_FUNCTION_NAME": "pets",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/pets",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2025/01/31/[$LATEST]0123",
        **variables,
    }
    with RuntimeApiScene() as api:
        environment["AWS_LAMBDA_RUNTIME_API"] = api.address
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            yield Running(process, api)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


__all__ = ["NODE", "PYTHON", "REQUEST_ID", "running"]
