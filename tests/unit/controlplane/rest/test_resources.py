"""The path tree, as recorded in TestApiGatewayApiResource and re-expressed."""

import pytest

from portico.controlplane.rest.resourcetree import ResourceTree
from portico.wire.aws.faults import ConflictException
from refusing import bare, refused, status
from wire_client import ACCOUNT

MISSING = "Invalid Resource identifier specified"


class Tree:
    """An API whose resources are named by their paths."""

    def __init__(self, client):
        self.client = client
        api = client.create_rest_api(name="pets")
        self.api = api["id"]
        self.root = api["rootResourceId"]

    def add(self, parent, part):
        return bare(self.client.create_resource(restApiId=self.api, parentId=parent, pathPart=part))

    def patch(self, resource, *operation):
        edit = dict(zip(("op", "path", "value"), operation, strict=False))
        answer = self.client.update_resource(restApiId=self.api, resourceId=resource, patchOperations=[edit])
        return bare(answer)

    def get(self, resource, **how):
        return bare(self.client.get_resource(restApiId=self.api, resourceId=resource, **how))

    def paths(self):
        return [item["path"] for item in self.client.get_resources(restApiId=self.api)["items"]]


@pytest.fixture
def tree(client):
    return Tree(client)


def test_lifecycle(tree):
    assert tree.get(tree.root) == {"id": tree.root, "path": "/"}
    pets = tree.add(tree.root, "pets")
    assert pets == {"id": pets["id"], "parentId": tree.root, "pathPart": "pets", "path": "/pets"}
    below = tree.add(pets["id"], "subpets")
    assert below["path"] == "/pets/subpets"
    dogs = tree.patch(pets["id"], "replace", "/pathPart", "dogs")
    assert dogs == {"id": pets["id"], "parentId": tree.root, "pathPart": "dogs", "path": "/dogs"}
    assert tree.paths() == ["/", "/dogs", "/dogs/subpets"]
    assert status(tree.client.delete_resource(restApiId=tree.api, resourceId=pets["id"])) == 202
    assert tree.paths() == ["/"]
    with refused("NotFoundException", MISSING):
        tree.client.delete_resource(restApiId=tree.api, resourceId=below["id"])


def test_moving_recomputes_every_path_below(tree):
    pets = tree.add(tree.root, "pets")["id"]
    sub = tree.add(pets, "subpets")["id"]
    tree.add(sub, "toys")
    moved = tree.patch(sub, "replace", "/parentId", tree.root)
    assert moved == {"id": sub, "parentId": tree.root, "pathPart": "subpets", "path": "/subpets"}
    assert tree.paths() == ["/", "/pets", "/subpets", "/subpets/toys"]


def test_a_name_stands_once_below_one_parent(tree):
    pets = tree.add(tree.root, "pets")["id"]
    sub = tree.add(pets, "subpets")["id"]
    inner = tree.add(sub, "pets")["id"]
    taken = ("ConflictException", "Another resource with the same parent already has this name: pets")
    with refused(*taken):
        tree.add(tree.root, "pets")
    with refused(*taken):
        tree.patch(inner, "replace", "/parentId", tree.root)
    tree.patch(sub, "replace", "/parentId", tree.root)
    with refused(*taken):
        tree.patch(sub, "replace", "/pathPart", "pets")
    assert tree.patch(sub, "replace", "/pathPart", "subpets")["path"] == "/subpets"


@pytest.mark.parametrize("below", [0, 1])
def test_resources_are_not_cyclical(tree, below):
    sub = tree.add(tree.root, "subpets")["id"]
    child = tree.add(sub, "pets")["id"]
    with refused("BadRequestException", "Resources cannot be cyclical."):
        tree.patch(sub, "replace", "/parentId", (sub, child)[below])
    assert tree.paths() == ["/", "/subpets", "/subpets/pets"]


def test_variables_beside_literals(tree):
    tree.add(tree.root, "{proxy+}")
    parent = tree.add(tree.root, "parent")["id"]
    tree.add(parent, "{child+}")
    child = tree.add(parent, "child")["id"]
    tree.add(child, "{proxy+}")
    assert tree.paths() == [
        "/",
        "/parent",
        "/parent/child",
        "/parent/child/{proxy+}",
        "/parent/{child+}",
        "/{proxy+}",
    ]


@pytest.mark.parametrize("name", ["{proxy+}", "{id}"])
def test_one_variable_beside_another(tree, name):
    tree.add(tree.root, name)
    message = f"A sibling ({name}) of this resource already has a variable path part -- only one is allowed"
    with refused("BadRequestException", message):
        tree.add(tree.root, "{other}")


def test_nothing_below_a_greedy_variable(tree):
    greedy = tree.add(tree.root, "{proxy+}")["id"]
    message = "Cannot create a child of a resource with a greedy path variable: {proxy+}"
    with refused("BadRequestException", message):
        tree.add(greedy, "child")
    moving = tree.add(tree.root, "moving")["id"]
    with refused("BadRequestException", message):
        tree.patch(moving, "replace", "/parentId", greedy)


def test_a_parent_does_not_become_greedy(tree):
    parent = tree.add(tree.root, "parent")["id"]
    tree.add(parent, "child")
    message = "Cannot create a child of a resource with a greedy path variable: {parent+}"
    with refused("BadRequestException", message):
        tree.patch(parent, "replace", "/pathPart", "{parent+}")
    assert tree.patch(parent, "replace", "/pathPart", "{parent}")["path"] == "/{parent}"


@pytest.mark.parametrize("part", ["a b", "a/b", "{id", "id}", "{id}.html", "{+}", "{}", "a+", "é", "{a+}+", "a\n"])
def test_what_no_path_part_is(tree, part):
    message = (
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
        "beginning and the end."
    )
    with refused("BadRequestException", message):
        tree.add(tree.root, part)


def test_an_empty_path_part(tree):
    with refused("BadRequestException", "Resource's path part must be specified"):
        tree.add(tree.root, "")


@pytest.mark.parametrize("part", ["a", "A-1_b.c", "events:batch", "{id}", "{a.b-c}", "{proxy+}"])
def test_path_parts(tree, part):
    assert tree.add(tree.root, part)["path"] == f"/{part}"


def test_the_root_stays_where_it_is(tree):
    with refused("BadRequestException", "Root resource cannot update its pathPart."):
        tree.patch(tree.root, "replace", "/pathPart", "root")
    with refused("BadRequestException", "Root resource cannot update its parentId."):
        tree.patch(tree.root, "replace", "/parentId", "abcdef")
    with refused("BadRequestException", "Root resource cannot be deleted."):
        tree.client.delete_resource(restApiId=tree.api, resourceId=tree.root)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (
            ("replace", "/invalid", "x"),
            "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
        ),
        (
            ("remove", "/pathPart"),
            "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations",
        ),
        (
            ("add", "/pathPart", "x"),
            "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations",
        ),
    ],
)
def test_what_update_refuses(tree, operation, message):
    pets = tree.add(tree.root, "pets")["id"]
    with refused("BadRequestException", message):
        tree.patch(pets, *operation)


def test_what_is_not_there(tree):
    pets = tree.add(tree.root, "pets")["id"]
    for call in (
        lambda: tree.get("fake"),
        lambda: tree.patch("fake", "replace", "/invalid", "x"),
        lambda: tree.patch(pets, "replace", "/parentId", "fake"),
        lambda: tree.add("fake", "x"),
        lambda: tree.client.get_resource(restApiId="fake", resourceId=pets),
    ):
        with refused("NotFoundException", MISSING):
            call()
    with refused("NotFoundException", f"Invalid API identifier specified {ACCOUNT}:fake"):
        tree.client.get_resources(restApiId="fake")


def test_a_path_of_a_thousand_parts(tree, store):
    with store.write() as unit:
        parent, path = tree.root, ""
        for number in range(1200):
            path += "/a"
            made = {"id": f"n{number}", "parentId": parent, "pathPart": "a", "path": path}
            unit.put("resource", tree.api, made["id"], made)
            parent = made["id"]
    tree.patch("n0", "replace", "/pathPart", "b")
    assert tree.get("n1199")["path"] == "/b" + "/a" * 1199
    tree.client.delete_resource(restApiId=tree.api, resourceId="n0")
    assert tree.paths() == ["/"]


def test_methods_are_verbs_unless_they_are_embedded(tree, store):
    method = {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}
    with store.write() as unit:
        unit.put("resource", tree.api, tree.root, {"id": tree.root, "path": "/", "resourceMethods": {"GET": method}})
    plain = {"id": tree.root, "path": "/", "resourceMethods": {"GET": {}}}
    full = {"id": tree.root, "path": "/", "resourceMethods": {"GET": method}}
    assert tree.get(tree.root) == plain
    assert tree.get(tree.root, embed=["methods"]) == full
    assert tree.client.get_resources(restApiId=tree.api)["items"] == [plain]
    assert tree.client.get_resources(restApiId=tree.api, embed=["methods"])["items"] == [full]


def test_moving_keeps_the_methods(tree, store):
    pets = tree.add(tree.root, "pets")
    with store.write() as unit:
        unit.put("resource", tree.api, pets["id"], {**pets, "resourceMethods": {"GET": {"httpMethod": "GET"}}})
    assert tree.patch(pets["id"], "replace", "/pathPart", "dogs")["resourceMethods"] == {"GET": {}}
    assert tree.get(pets["id"], embed=["methods"])["resourceMethods"] == {"GET": {"httpMethod": "GET"}}


def test_resources_come_page_by_page(tree):
    for name in "cab":
        tree.add(tree.root, name)
    pages = tree.client.get_paginator("get_resources").paginate(restApiId=tree.api, PaginationConfig={"PageSize": 3})
    assert [[item["path"] for item in page["items"]] for page in pages] == [["/", "/a", "/b"], ["/c"]]


class Nowhere:
    """A unit of work that holds nothing."""

    def find(self, kind, scope):
        return []


def test_a_wide_tree_is_not_searched_for_each_resource_that_is_placed():
    tree = ResourceTree(Nowhere(), "abc")
    tree.nodes["root"] = {"id": "root", "path": "/"}
    for number in range(50_000):  # one after the other, these would take minutes
        tree.place({"id": f"r{number}", "parentId": "root", "pathPart": f"p{number}"})
    with pytest.raises(ConflictException, match="already has this name: p7"):
        tree.place({"id": "new", "parentId": "root", "pathPart": "p7"})


def test_a_name_that_was_given_up_is_free(tree):
    first, second = tree.add(tree.root, "a")["id"], tree.add(tree.root, "{v}")["id"]
    tree.patch(first, "replace", "/pathPart", "b")
    below = tree.add(first, "{w}")["id"]
    tree.patch(second, "replace", "/parentId", tree.add(tree.root, "a")["id"])
    assert tree.patch(below, "replace", "/parentId", tree.root)["path"] == "/{w}"
    assert tree.patch(below, "replace", "/pathPart", "c")["path"] == "/c"
    assert tree.add(tree.root, "{x}")["path"] == "/{x}"
