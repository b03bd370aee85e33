"""The to-do application of the examples: five functions in Python, one in Node.js, a page of another origin; no AWS."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from browser_scene import Browser, Page, browser
from contract_scene import Scene
from dev_scene import call
from postgres_scene import PostgresServer, postgres_server
from todo_scene import another_origin, asking, by_boto3, by_dev, process_of

WITHOUT_NODE = "NOT RUN: Node.js (node) is not installed"
WAYS = [(made, store) for made in ("boto3", "portico dev") for store in ("SQLite", "PostgreSQL")]


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module", params=WAYS, ids=[f"{made}, {store}" for made, store in WAYS])
def todo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the deployed stage."""
    made, store = request.param
    options: tuple[str, ...] = ()
    if store == "PostgreSQL":
        options = ("--database", request.getfixturevalue("database").new_database())
    folder = tmp_path_factory.mktemp("todo")
    if made == "boto3":
        with by_boto3(folder, *options) as (url, _):
            yield url
    else:
        with by_dev(folder, *options) as url:
            yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def add(url: str, text: str, **more: Any) -> dict[str, Any]:
    status, answer = call(f"{url}/todos", "POST", {"text": text, **more})
    assert status == 201, answer
    return dict(json.loads(answer))


def empty(url: str) -> None:
    for todo in json.loads(call(f"{url}/todos")[1]):
        assert call(f"{url}/todos/{todo['id']}", "DELETE") == (204, "")


# By HTTP


def test_what_is_to_be_done_is_kept_changed_and_forgotten(todo: str) -> None:
    empty(todo)
    milk, bread = add(todo, "Buy milk"), add(todo, "Bake bread")
    assert json.loads(call(f"{todo}/todos")[1]) == [milk, bread]

    done = {"text": "Buy milk", "done": True}
    assert json.loads(call(f"{todo}/todos/{milk['id']}", "PUT", done)[1]) == {**milk, "done": True}
    assert json.loads(call(f"{todo}/todos/{milk['id']}")[1])["done"] is True

    assert call(f"{todo}/todos/{bread['id']}", "DELETE") == (204, "")
    assert call(f"{todo}/todos/{bread['id']}") == (404, '{"message": "There is no such to-do"}')
    assert call(f"{todo}/todos/{bread['id']}", "DELETE") == (204, ""), "whoever was not told asks again"
    assert [one["text"] for one in json.loads(call(f"{todo}/todos")[1])] == ["Buy milk"]


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": 3}, {"text": "x", "done": 1}, [], "x"])
def test_what_is_no_to_do_is_refused(todo: str, body: Any) -> None:
    status, answer = call(f"{todo}/todos", "POST", body)
    assert status == 400
    assert "A to-do is" in json.loads(answer)["message"]


@pytest.mark.parametrize("name", ["..%2F..%2Fcredentials", "x", "0" * 31, "0" * 32])
def test_an_id_leads_nowhere_else(todo: str, name: str) -> None:
    assert call(f"{todo}/todos/{name}")[0] == 404
    assert call(f"{todo}/todos/{name}", "PUT", {"text": "x"})[0] == 404


@pytest.mark.skipif(not shutil.which("node"), reason=WITHOUT_NODE)
def test_the_function_in_javascript_counts_what_those_in_python_wrote(todo: str) -> None:
    empty(todo)
    for text, done in (("Buy milk", True), ("Bake bread", False), ("Brew tea", True)):
        add(todo, text, done=done)
    status, answer = call(f"{todo}/summary")
    assert (status, json.loads(answer)) == (200, {"all": 3, "done": 2, "open": 1})


# By a page


def rows(page: Page) -> Any:
    return page.does("[...document.querySelectorAll('li')].map(one => [one.innerText.split('\\n')[0], one.className])")


def write(page: Page, text: str) -> None:
    page.does(f"document.querySelector('[name=text]').value = {json.dumps(text)}")
    page.does("document.querySelector('form').requestSubmit()")
    page.wait_for(f"[...document.querySelectorAll('li span')].some(one => one.innerText === {json.dumps(text)})")


@pytest.mark.skipif(not shutil.which("node"), reason=WITHOUT_NODE)
def test_a_page_of_another_origin_works_with_it(todo: str, chromium: Browser) -> None:
    empty(todo)
    with another_origin(todo) as address:
        page = chromium.open(address)
        page.wait_for("document.querySelector('#summary').innerText === '0 of 0 open'")
        write(page, "Buy milk")
        write(page, "<b>Bake bread</b>")
        assert rows(page) == [["Buy milk", ""], ["<b>Bake bread</b>", ""]]

        page.does("document.querySelector('li input').click()")
        page.wait_for("document.querySelector('#summary').innerText === '1 of 2 open'")
        assert rows(page)[0] == ["Buy milk", "done"]
        page.does("document.querySelectorAll('li button')[1].click()")
        page.wait_for("document.querySelector('#summary').innerText === '0 of 1 open'")

        page.go(address)
        page.wait_for("document.querySelector('#summary').innerText === '0 of 1 open'")
        assert rows(page) == [["Buy milk", "done"]]
        assert page.does("document.querySelector('#trouble').innerText") == ""


@pytest.mark.skipif(not shutil.which("node"), reason=WITHOUT_NODE)
def test_it_works_because_the_preflights_are_answered(todo: str, chromium: Browser) -> None:
    with another_origin(todo) as address:
        page = chromium.open(address)
        asks = "fetch(api + '/todos/' + '0'.repeat(32), {}).then(one => one.status, error => error.name)"
        for options, heard in (
            ("{method: 'PUT', headers: {'Content-Type': 'application/json'}, body: '{}'}", 404),
            ("{method: 'PUT', headers: {'X-Other': '1'}, body: '{}'}", "TypeError"),
            ("{method: 'PATCH'}", "TypeError"),
            ("{}", 404),
        ):
            assert page.does(asks.replace("{}", options, 1)) == heard, options
        assert page.does("fetch(api + '/nothing').then(one => one.json()).then(one => one.message)") == (
            "Missing Authentication Token"
        ), "what the gateway says itself can be read, too"


# While processes are killed

ROLES = ("worker", "control", "functions", "instance")


def kill(scene: Scene, role: str) -> None:
    """kill -9, and wait until the server has replaced it; an instance is replaced by the next call."""
    os.kill(process_of(scene, role), signal.SIGKILL)
    if role != "instance":
        assert scene.server is not None
        scene.server.wait_for("ProcessDied", role=role)
        scene.server.wait_for("ProcessReady", role=role)


@pytest.fixture(scope="module")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Scene]]:
    """One whose processes are killed: its URL and its server."""
    with by_boto3(tmp_path_factory.mktemp("killed")) as made:
        yield made


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_noticed_by_nobody_who_asks_again(role: str, hurt: tuple[str, Scene]) -> None:
    url, scene = hurt
    empty(url)
    milk = add(url, "Buy milk")
    clients, kills = 2, 2
    with asking(f"{url}/todos", clients) as crowd:
        for _ in range(kills):
            for one in crowd:
                one.more()
            kill(scene, role)
        for one in crowd:
            one.more()
    assert [one.lost for one in crowd] == [[], []]
    assert sum(one.asked_again for one in crowd) <= clients * kills, "only what was under way"
    assert json.loads(call(f"{url}/todos")[1]) == [milk]


@pytest.mark.skipif(not shutil.which("node"), reason=WITHOUT_NODE)
def test_the_page_notices_no_killed_process(chromium: Browser, hurt: tuple[str, Scene]) -> None:
    """It ticks and unticks all the time, and asks again what may be asked twice."""
    using = """(async () => {
        window.turns = 0;
        for (window.used = true; window.used; window.turns++) {
            const [todo] = await call('GET', '/todos');
            await doing(() => call('PUT', `/todos/${todo.id}`, { text: todo.text, done: !todo.done }));
            if (document.querySelector('#trouble').innerText) return;
        }
    })(), 0"""
    url, scene = hurt
    empty(url)
    add(url, "Buy milk")
    with another_origin(url) as address:
        page = chromium.open(address)
        page.does(using)
        for role in ROLES:
            page.wait_for("window.turns >= 5")
            kill(scene, role)
            page.does("window.turns = 0")
        page.wait_for("window.turns >= 5")
        page.does("window.used = false")
        assert page.does("document.querySelector('#trouble').innerText") == ""
        assert [text for text, _ in rows(page)] == ["Buy milk"]
