"""`portico dev`: what is saved is served, what is wrong is told, and nothing is left of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev_scene import ARN, Dev, call, developing, document, family, folder_of, is_gone, says, until, write
from effort import slower

SEEN_SECONDS = 0.5
"""From a save to the first request that sees it, for which a function's interpreter is started."""


FILES = {
    "functions/pets/app.py": says("Rex"),
    "functions/orders/app.py": says("none"),
    "openapi.yaml": document("pets", "orders"),
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Dev]:
    """One of the test's own."""
    with developing(folder_of(tmp_path / "shop", pets=says("Rex"), orders=says("none"))) as dev:
        yield dev.ready()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder = tmp_path_factory.mktemp("dev") / "shop"
    with developing(folder_of(folder, pets=says("Rex"), orders=says("none"))) as dev:
        yield dev.ready()


@pytest.fixture
def dev(shared: Dev) -> Dev:
    """One that goes on from test to test; its folder is as new."""
    shared.restore(FILES)
    return shared


def test_every_route_that_is_shown_answers_and_every_call_is_shown(dev: Dev) -> None:
    assert dev.get("/pets") == (200, "Rex")
    assert dev.get("/orders") == (200, "none")
    dev.wait_for(r"^\d\d:\d\d:\d\d GET     /dev/pets 200 \d+ ms$")
    dev.save("functions/pets/app.py", 'def handler(event, context):\n    print("asked for", event["path"])\n')
    dev.wait_for("deployed pets in")
    assert dev.get("/pets")[0] == 502
    dev.wait_for(r"^\d\d:\d\d:\d\d pets \| asked for /pets$")
    assert "\x1b" not in dev.text, "no colours where there is no terminal"


def test_what_is_saved_is_served_within_half_a_second(dev: Dev) -> None:
    took = list[float]()
    busy = list[float]()
    for number in range(5):
        busy.append(slower())
        dev.save("functions/pets/app.py", says(f"Rex {number}"))
        took.append(dev.seconds_until("/pets", (200, f"Rex {number}")))
    assert min(took) < SEEN_SECONDS * max(busy), took

    took.clear()
    url = dev.url("/pets")
    for number in range(3):
        busy.append(slower())
        dev.save("openapi.yaml", document("pets", "orders").replace("/pets", f"/pets{number}"))
        began = time.monotonic()
        until(lambda: call(f"{url}{number}")[0] == 200, dev.text)  # noqa: B023
        took.append(time.monotonic() - began)
    assert min(took) < SEEN_SECONDS * max(busy), took


def test_only_what_changed_is_deployed(dev: Dev) -> None:
    shown = dev.save("functions/pets/app.py", says("Tom"))
    assert dev.wait_for(r"deployed (.*) in \d+ ms", shown)[1] == "pets"
    shown = dev.save("openapi.yaml", document("pets", "orders") + "# a comment\n")
    assert dev.wait_for(r"deployed (.*) in \d+ ms", shown)[1] == "the API"
    shown = dev.save("functions/orders/function.toml", "timeout = 9\n")
    assert dev.wait_for(r"deployed (.*) in \d+ ms", shown)[1] == "orders"


def test_settings_and_variables_are_the_functions(dev: Dev) -> None:
    code = 'import os\n\ndef say(event, context):\n    return {"statusCode": 200, "body": os.environ["NAME"]}\n'
    dev.save("functions/pets/say.py", code)
    dev.save("functions/pets/function.toml", 'handler = "say.say"\n\n[environment]\nNAME = "Tom"\n')
    dev.seconds_until("/pets", (200, "Tom"))
    dev.save("openapi.yaml", document("pets").replace(ARN + "pets", ARN + "${stageVariables.animals}"))
    dev.wait_for("openapi.yaml:12: stage.toml has no variable 'animals'")
    dev.save("stage.toml", '[variables]\nanimals = "orders"\n')
    assert dev.get("/pets") == (200, "Tom") or dev.get("/pets") == (200, "none")
    dev.seconds_until("/pets", (200, "none"))


BROKEN = {
    "functions/pets/app.py": ("def handler(event, context):\n    return (\n", "app.py:2: SyntaxError: '\\(' was never"),
    "functions/pets/function.toml": ("timeout = \n", "function.toml:1: Invalid value"),
    "openapi.yaml": ("openapi: 3.0.1\npaths: [\n", r"openapi.yaml:\d: .*stream end"),
    "stage.toml": ("variables = 3\n", "stage.toml:1: variables has to be a table of texts"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_told_with_its_line_and_the_last_good_version_goes_on(dev: Dev, name: str) -> None:
    text, told = BROKEN[name]
    path = dev.folder / name
    before = path.read_text() if path.exists() else ""
    shown = dev.save(name, text)
    dev.wait_for(told, shown)
    dev.wait_for(r"(pets|the API): the last good version goes on", shown)
    assert dev.get("/pets") == (200, "Rex")
    shown = dev.save(name, before)
    dev.wait_for(r"(pets|the API): nothing is wrong any more", shown)
    assert dev.get("/pets") == (200, "Rex")


REFUSED = {
    document("pets").replace("aws_proxy", "aws_poxy"): r"openapi.yaml:10: .*'aws_poxy' is none of HTTP.*type\)",
    document("pets", "cats"): r"openapi.yaml:19: there is no function 'cats'; there is orders, pets",
    document("pets").replace("000000000000", "111111111111"): "openapi.yaml:12: .* --account-id and --region say",
    "info:\n  title: none\n": "openapi.yaml: Invalid OpenAPI input",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_document_that_cannot_be_served_is_told_and_the_last_good_one_goes_on(dev: Dev, text: str) -> None:
    shown = dev.save("openapi.yaml", text)
    dev.wait_for(REFUSED[text], shown)
    assert dev.get("/orders") == (200, "none")


def test_an_error_of_running_code_is_told_with_its_line(dev: Dev) -> None:
    dev.save("functions/pets/app.py", "def handler(event, context):\n    return 1 / 0\n")
    dev.wait_for("deployed pets in")
    assert dev.get("/pets")[0] == 502
    dev.wait_for(r'pets \|   File "shop/functions/pets/app.py", line 2, in handler')


@pytest.mark.skipif(not shutil.which("node"), reason="NOT RUN: Node.js (node) is not installed")
def test_javascript_is_read_before_it_is_sent(dev: Dev) -> None:
    good = 'export const handler = async () => ({ statusCode: 200, body: "Jerry" });\n'
    dev.save("functions/mice/index.mjs", good)
    dev.save("openapi.yaml", document("pets", "mice"))
    dev.seconds_until("/mice", (200, "Jerry"))
    shown = dev.save("functions/mice/index.mjs", good + "const = 3;\n")
    dev.wait_for(r"functions/mice/index.mjs:2: SyntaxError: Unexpected token '='", shown)
    assert dev.get("/mice") == (200, "Jerry")


# How files are saved, and go


def test_an_editor_that_puts_another_file_in_the_place_is_followed(dev: Dev) -> None:
    place = dev.folder / "functions" / "pets"
    for number in range(3):
        write(place / "app.py~", (place / "app.py").read_text())
        write(place / ".app.py.swp", "half of it")
        write(place / "draft", says(f"Tom {number}"))
        os.replace(place / "draft", place / "app.py")
        dev.seconds_until("/pets", (200, f"Tom {number}"))


def test_a_file_that_is_gone_is_told_and_what_served_goes_on(dev: Dev) -> None:
    (dev.folder / "functions" / "pets" / "app.py").unlink()
    dev.wait_for(r"shop/functions/pets: there is none of app.py, .*bootstrap in functions/pets")
    assert dev.get("/pets") == (200, "Rex")
    (dev.folder / "openapi.yaml").unlink()
    dev.wait_for("openapi.yaml: there is no OpenAPI document of this name")
    assert dev.get("/orders") == (200, "none")


def test_a_function_goes_when_nothing_calls_it_any_more(dev: Dev) -> None:
    shutil.rmtree(dev.folder / "functions" / "orders")
    dev.wait_for("openapi.yaml:19: there is no function 'orders'")
    assert dev.get("/orders") == (200, "none")
    shown = dev.save("openapi.yaml", document("pets"))
    dev.wait_for(r"deployed .*orders \(removed\)", shown)
    assert dev.get("/pets") == (200, "Rex")


def test_a_function_that_leads_elsewhere_is_told_each_time_that_it_comes(dev: Dev, tmp_path: Path) -> None:
    """A link out of the project, where nothing is watched. `portico dev` itself goes on."""
    write(tmp_path / "elsewhere" / "app.py", says("Tom"))
    link = dev.folder / "functions" / "cats"
    for _ in range(2):
        shown = len(dev.lines)
        link.symlink_to(tmp_path / "elsewhere")
        dev.wait_for("functions/cats: it leads out of the project, to .*/elsewhere", shown)
        link.unlink()
        dev.wait_for("cats: nothing is wrong any more", shown)
    assert dev.get("/pets") == (200, "Rex")


def test_functions_may_share_a_folder_of_code(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        settings = f'code = "../../code"\nhandler = "{name}s.handler"\n'
        write(tmp_path / "shop" / "functions" / name / "function.toml", settings)
        write(tmp_path / "shop" / "code" / f"{name}s.py", f"from words import say\nhandler = say('{name}')\n")
    words = 'def say(text):\n    return lambda event, context: {"statusCode": 200, "body": text + "%s"}\n'
    write(tmp_path / "shop" / "code" / "words.py", words % "")
    write(tmp_path / "shop" / "openapi.yaml", document("cat", "dog"))
    with developing(tmp_path / "shop") as dev:
        assert [dev.ready().get(path) for path in ("/cat", "/dog")] == [(200, "cat"), (200, "dog")]
        dev.save("code/words.py", words % "!")
        dev.seconds_until("/cat", (200, "cat!"))
        assert dev.get("/dog") == (200, "dog!")


def test_what_is_required_is_installed_when_it_changes(tmp_path: Path) -> None:
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("NOT RUN: this Python has no pip")
    shop = folder_of(tmp_path / "shop", pets=says("Rex"))
    wheel(shop / "functions" / "pets", "greeting", "1.0", 'WORD = "Good morning"\n')
    write(shop / "functions" / "pets" / "requirements.txt", "--no-index\n./greeting-1.0-py3-none-any.whl\n")
    write(shop / "functions" / "pets" / "app.py", "import greeting\n" + says("-").replace('"-"', "greeting.WORD"))
    with developing(shop) as dev:
        dev.ready().wait_for("installing what pets requires")
        assert dev.get("/pets") == (200, "Good morning")
        shown = dev.save("functions/pets/requirements.txt", "--no-index\nnot-there\n")
        dev.wait_for(r"functions/pets/requirements.txt: pip: (.*\n)*.*not-there", shown)
        assert dev.get("/pets") == (200, "Good morning")


def wheel(folder: Path, name: str, version: str, code: str) -> None:
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


# Its life


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_nobody(own: Dev, number: signal.Signals) -> None:
    assert own.get("/pets") == (200, "Rex")
    processes = family(own.process.pid)
    assert len(processes) >= 4
    assert own.stop(number) == 0
    assert [pid for pid in processes if not is_gone(pid)] == []


def test_the_server_ends_with_it_however_it_ends(own: Dev) -> None:
    assert own.get("/pets") == (200, "Rex")
    processes = family(own.process.pid)
    own.process.kill()
    until(lambda: all(map(is_gone, processes)), "somebody is left")


def test_started_again_it_serves_the_same_at_the_same_place(own: Dev) -> None:
    path = own.url("/pets").partition("/_aws")[2]
    assert own.stop() == 0
    with developing(own.folder) as again:
        shown = again.ready().text
        assert "deployed the API in" in shown, "the functions are there"
        assert again.url("/pets").partition("/_aws")[2] == path
        assert again.get("/pets") == (200, "Rex")


def test_processes_that_are_killed_are_replaced_and_saving_goes_on(own: Dev) -> None:
    supervisor = family(own.process.pid)[0]
    children = sorted(pid for pid in family(supervisor) if parent(pid) == supervisor)
    for role, pid in zip(("control", "functions", "worker"), children, strict=True):
        os.kill(pid, signal.SIGKILL)
        own.wait_for(f"ProcessDied {role}")
        own.save("functions/pets/app.py", says(f"Rex without {role}"))
        own.seconds_until("/pets", (200, f"Rex without {role}"))


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(
    ("files", "options", "told"),
    [
        ({}, (), "has neither openapi.yaml, openapi.yml, openapi.json nor functions/NAME/"),
        ({"openapi.yaml": ""}, ("--lambda-endpoint", "http://127.0.0.1:1"), "portico dev runs the functions itself"),
        ({"openapi.yaml": ""}, ("--gateway", "nowhere"), "--gateway: 'nowhere' is not an IP address"),
    ],
)
def test_what_cannot_be_developed_is_told(
    tmp_path: Path, files: dict[str, str], options: tuple[str, ...], told: str
) -> None:
    (tmp_path / "shop").mkdir()
    for name, text in files.items():
        write(tmp_path / "shop" / name, text)
    dev = Dev(tmp_path / "shop", *options)
    assert dev.process.wait(20) == 2
    dev.stop()
    assert told in dev.text


def test_a_second_one_in_the_same_folder_is_refused(dev: Dev) -> None:
    with developing(dev.folder) as second:
        assert second.process.wait(20) == 1
        second.stop()
        assert "is in use by another Portico" in second.text
    assert dev.get("/pets") == (200, "Rex")
