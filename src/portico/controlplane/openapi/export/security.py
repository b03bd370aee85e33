"""Who may call a method, as security requirements, and the schemes that these name."""

import re

from portico.controlplane.openapi.export.order import in_aws_order
from portico.controlplane.openapi.export.source import Source
from portico.controlplane.openapi.export.writing import Tree
from portico.controlplane.openapi.locations import Spot
from portico.controlplane.openapi.sayings import DESCRIBED, custom, standard
from portico.model.rest import Authorizer, Method

_HEADER = re.compile(r"method\.request\.header\.([^\s,]+)")
_UNUSED = "Unused"
"""The header's name in the scheme of an authorizer that reads no single header: AWS's own word."""

_API_KEY: Tree = {"type": "apiKey", "name": "x-api-key", "in": "header"}
_SIGNATURE: Tree = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}


class Security:
    """The schemes of one document. Asking for a method's requirements makes its schemes part of the document."""

    def __init__(self, source: Source, *, authorizers: bool) -> None:
        """`authorizers`: whether the schemes hold `x-amazon-apigateway-authorizer`, and unused ones are there too."""
        self._documentation = source.documentation
        self._whole = authorizers
        self._authorizers = {one.id: one for one in source.snapshot.authorizers}
        taken = {one.name for one in self._authorizers.values()}
        self._api_key, self._signature = (_free(name, taken) for name in ("api_key", "sigv4"))
        self._used: dict[str, Tree] = {}
        if authorizers:
            for authorizer in self._authorizers.values():
                self._use(authorizer)

    def requirements(self, method: Method) -> list[Tree]:
        asked: list[Tree] = []
        if method.authorization_type == "AWS_IAM":
            self._used[self._signature] = _SIGNATURE
            asked.append({self._signature: []})
        elif (authorizer := self._authorizers.get(method.authorizer_id or "")) is not None:
            self._use(authorizer)
            asked.append({authorizer.name: list(method.authorization_scopes)})
        if method.api_key_required:
            self._used[self._api_key] = _API_KEY
            asked.append({self._api_key: []})
        return asked

    def schemes(self) -> Tree:
        """Those that a method asked for, or that are there anyway. Ask for the requirements first."""
        return in_aws_order(self._used)

    def _use(self, authorizer: Authorizer) -> None:
        said = self._documentation.of(Spot("AUTHORIZER", name=authorizer.name))
        source = _HEADER.fullmatch(authorizer.identity_source or "")
        scheme: Tree = {
            "type": "apiKey",
            **standard(said, DESCRIBED),
            "name": source[1] if source else _UNUSED,
            "in": "header",
            "x-amazon-apigateway-authtype": authorizer.auth_type,
        }
        if self._whole:
            scheme["x-amazon-apigateway-authorizer"] = _extension(authorizer)
        self._used[authorizer.name] = {**scheme, **custom(said)}


def _free(name: str, taken: set[str]) -> str:
    """The name, with as many underscores behind as set it apart from the authorizers'."""
    while name in taken:
        name += "_"
    return name


def _extension(authorizer: Authorizer) -> Tree:
    """The identity source of TOKEN and COGNITO_USER_POOLS is the scheme's own header (recorded fact 102)."""
    written: Tree = {
        "type": authorizer.type.lower(),
        "authorizerUri": authorizer.authorizer_uri,
        "authorizerCredentials": authorizer.authorizer_credentials,
        "identitySource": authorizer.identity_source if authorizer.type == "REQUEST" else None,
        "identityValidationExpression": authorizer.identity_validation_expression,
        "authorizerResultTtlInSeconds": authorizer.authorizer_result_ttl_in_seconds,
        "providerARNs": list(authorizer.provider_arns),
    }
    return {name: value for name, value in written.items() if value not in (None, [])}
