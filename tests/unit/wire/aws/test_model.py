"""The service model's operations and the requests that reach them."""

import pytest

from portico.wire.aws.model import OperationModel, ServiceModel, load

APIGATEWAY = load("apigateway")


def route(method: str, path: str, **query: list[str]) -> tuple[str, dict[str, str]] | None:
    match = APIGATEWAY.route(method, path, query)
    return None if match is None else (match.target, match.labels)


def filled(operation: OperationModel) -> tuple[str, dict[str, list[str]], dict[str, str]]:
    """The operation's own template with a value in each label."""
    path, _, query = operation.request_uri.partition("?")
    labels = {part[1:-1]: f"v{index}" for index, part in enumerate(path.split("/")) if part.startswith("{")}
    for name, value in labels.items():
        path = path.replace(f"{{{name}}}", value)
    return path, {name: [value] for name, _, value in [query.partition("=")] if name}, labels


def test_it_has_all_of_api_gateway() -> None:
    assert len(APIGATEWAY.operation_names) == 124
    assert APIGATEWAY.signing_name == "apigateway"


@pytest.mark.parametrize("name", sorted(APIGATEWAY.operation_names))
def test_every_operation_is_reached_by_its_own_template(name: str) -> None:
    operation = APIGATEWAY.operation(name)
    path, query, labels = filled(operation)

    match = APIGATEWAY.route(operation.method, path, query)

    assert match is not None
    assert (match.target, match.labels) == (name, labels)


def test_a_literal_in_the_query_tells_operations_apart() -> None:
    assert route("POST", "/restapis", mode=["import"]) == ("ImportRestApi", {})
    assert route("POST", "/restapis", mode=["other"]) == ("CreateRestApi", {})
    assert route("POST", "/restapis") == ("CreateRestApi", {})
    assert route("PUT", "/restapis/a", mode=["merge"]) == ("PutRestApi", {"restapi_id": "a"})


def test_an_encoded_slash_stays_inside_its_label() -> None:
    arn = "arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fa"
    assert route("GET", f"/tags/{arn}") == ("GetTags", {"resource_arn": arn})


def test_one_slash_at_the_end_does_not_count() -> None:
    assert route("GET", "/restapis/") == ("GetRestApis", {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/elsewhere"),
        ("BREW", "/restapis"),
        ("DELETE", "/restapis"),
        ("GET", "/restapis/a/b"),
        ("GET", "//restapis"),
        ("GET", "/restapis//resources"),
    ],
)
def test_what_no_template_has_is_no_operation(method: str, path: str) -> None:
    assert route(method, path) is None


@pytest.mark.parametrize("path", ["/restapis/a/models/..", "/restapis/./stages", "/restapis/../stages/x"])
def test_a_dot_segment_is_no_label(path: str) -> None:
    """A signature for `/restapis/a` is one for `/restapis/a/models/..` too."""
    assert route("DELETE", path) is None
    assert route("GET", path) is None


FACT_36 = {
    202: "RestApi Resource Model RequestValidator DocumentationPart GatewayResponse VpcLink Deployment",
    204: "Method MethodResponse Integration IntegrationResponse",
}


def test_the_models_statuses_are_the_recorded_ones() -> None:
    """Recorded fact 36, whole: were the model to move away from it, a table of exceptions is due."""
    deletes = {f"Delete{thing}": status for status, things in FACT_36.items() for thing in things.split()}
    named = {"CreateVpcLink": 202, "ImportDocumentationParts": 200, "PutRestApi": 200, "UpdateMethodResponse": 201}
    made = [name for name in APIGATEWAY.operation_names if name.startswith(("Create", "Put")) and name not in named]
    made.remove("CreateDomainNameAccessAssociation")
    updates = [name for name in APIGATEWAY.operation_names if name.startswith("Update") and name not in named]
    expected = {**deletes, **named, **dict.fromkeys(made, 201), **dict.fromkeys(updates, 200)}

    assert {name: APIGATEWAY.operation(name).status for name in expected} == expected


def test_another_service_is_loaded_by_its_name() -> None:
    service = load("apigatewayv2")
    match = service.route("GET", "/v2/apis/a1", {})
    assert match is not None
    assert (match.target, match.labels) == ("GetApi", {"apiId": "a1"})


def test_a_shape_may_hold_itself() -> None:
    raw = {
        "metadata": {"endpointPrefix": "trees"},
        "operations": {"Grow": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Tree"}}},
        "shapes": {
            "Tree": {"type": "structure", "members": {"branches": {"shape": "Trees"}}},
            "Trees": {"type": "list", "member": {"shape": "Tree"}},
        },
    }
    tree = ServiceModel("trees", raw).operation("Grow").input
    assert tree.members["branches"].shape.element is tree
