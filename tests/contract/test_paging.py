"""Long lists through AWS's own paging: complete, nothing twice."""

from typing import Any

import pytest

from contract_scene import Scene

SHELVES = {f"/shelf{number:02}" for number in range(60)}


@pytest.fixture(scope="module")
def library(client: Any) -> str:
    """An API with 60 resources beside its root."""
    api = client.create_rest_api(name="long")
    for shelf in SHELVES:
        client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=shelf.strip("/"))
    return str(api["id"])


def paths(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["path"] for item in items)


def test_the_cli_pages_by_itself(scene: Scene, library: str) -> None:
    for options in ((), ("--page-size", 7)):
        listed = scene.aws("get-resources", "--rest-api-id", library, *options)
        assert paths(listed["items"]) == sorted(SHELVES | {"/"})


def test_the_cli_stops_and_goes_on(scene: Scene, library: str) -> None:
    ours = ("get-resources", "--rest-api-id", library, "--page-size", 10)
    first = scene.aws(*ours, "--max-items", 35)
    assert len(first["items"]) == 35
    rest = scene.aws(*ours, "--starting-token", first["NextToken"])
    assert "NextToken" not in rest
    assert paths(first["items"] + rest["items"]) == sorted(SHELVES | {"/"})


@pytest.mark.parametrize("size", [1, 9, 25, 61, 500])
def test_boto3_pages_by_itself(client: Any, library: str, size: int) -> None:
    pages = list(client.get_paginator("get_resources").paginate(restApiId=library, PaginationConfig={"PageSize": size}))
    assert len(pages) == -(-61 // size)
    assert paths([item for page in pages for item in page["items"]]) == sorted(SHELVES | {"/"})


def test_a_page_is_25_where_nothing_else_is_said(client: Any, library: str) -> None:
    page = client.get_resources(restApiId=library)
    assert (len(page["items"]), "position" in page) == (25, True)


def test_lists_of_apis_page_too(scene: Scene, client: Any) -> None:
    made = {client.create_rest_api(name=f"paged {number}")["id"] for number in range(30)}
    listed = [api["id"] for api in scene.aws("get-rest-apis", "--page-size", 11)["items"]]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))
