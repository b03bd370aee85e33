"""Security schemes and requirements: the authorizers of an API, and what protects each method.

What OpenAPI can ask for and a REST API cannot do is refused at the method that asks for it: a bearer or OAuth 2 scheme
without an authorizer, alternatives between authorizers, a scheme that nobody defined. AWS imports such methods open to
everybody; here a protection that was asked for is enforced or refused.
"""

from portico.controlplane.openapi.extensions import refuse_unknown_members
from portico.controlplane.openapi.form import Protection
from portico.controlplane.openapi.place import Place
from portico.ports.store import Document

_AUTHORIZER = "x-amazon-apigateway-authorizer"
_AUTHTYPE = "x-amazon-apigateway-authtype"
_AUTH = "x-amazon-apigateway-auth"
_SIGV4 = "awssigv4"
_API_KEY_HEADER = "x-api-key"

_TYPES = {"TOKEN": "CUSTOM", "REQUEST": "CUSTOM", "COGNITO_USER_POOLS": "COGNITO_USER_POOLS"}
"""Types of authorizer, and the authorization type of the methods that use one."""
_TEXTS = ("authorizerUri", "authorizerCredentials", "identitySource", "identityValidationExpression")
_MEMBERS = frozenset(
    (*_TEXTS, "type", "providerARNs", "authorizerResultTtlInSeconds", "enableSimpleResponses"),
)


def read_authorizers(schemes: Place | None) -> dict[str, Document]:
    """The authorizers that the schemes define, used or not, as parameters of CreateAuthorizer by name."""
    if schemes is None:
        return {}
    return {name: _authorizer(name, scheme) for name, scheme in schemes.members() if scheme.get(_AUTHORIZER)}


def _authorizer(name: str, scheme: Place) -> Document:
    place = scheme.get(_AUTHORIZER)
    assert place is not None
    refuse_unknown_members(place, _MEMBERS)
    simple = place.get("enableSimpleResponses")
    if simple is not None and simple.flag():
        raise simple.refuse("REST APIs have no simple responses of authorizers: the function answers a policy")
    kind = _member(place, "type").choice(*_TYPES)
    authorizer: Document = {"name": name, "type": kind}
    for member in _TEXTS:
        if (text := place.get(member)) is not None:
            authorizer[member] = text.text()
    if (arns := place.get("providerARNs")) is not None:
        authorizer["providerARNs"] = arns.texts()
    if (ttl := place.get("authorizerResultTtlInSeconds")) is not None:
        authorizer["authorizerResultTtlInSeconds"] = ttl.integer()
    if (authtype := scheme.get(_AUTHTYPE)) is not None:
        authorizer["authType"] = authtype.text()
    if kind != "REQUEST" and "identitySource" not in authorizer:
        authorizer["identitySource"] = f"method.request.header.{_header(scheme)}"
    return authorizer


def _header(scheme: Place) -> str:
    """The header that carries the token: the scheme's own (recorded fact 102)."""
    if _member(scheme, "type").text() != "apiKey" or _member(scheme, "in").text() != "header":
        raise scheme.refuse("an authorizer without identitySource belongs to an apiKey scheme in a header")
    return _member(scheme, "name").text()


def _member(place: Place, name: str) -> Place:
    member = place.get(name)
    if member is None:
        raise place.refuse(f"'{name}' is missing")
    return member


def read_protection(operation: Place, root: Place, schemes: Place | None) -> Protection:
    """What protects the method: its own `security`, or else the document's (recorded facts 101 and 102)."""
    requirements = operation.get("security") or root.get("security")
    protection = Protection()
    for requirement in requirements.items() if requirements is not None else []:
        for name, scopes in requirement.members():
            scheme = schemes.get(name) if schemes is not None else None
            if scheme is None:
                raise scopes.refuse(f"the security scheme '{name}' is not defined")
            _require(protection, name, scheme, scopes)
    _apply_auth(protection, operation)
    return protection


def _require(protection: Protection, name: str, scheme: Place, scopes: Place) -> None:
    authorizer = scheme.get(_AUTHORIZER)
    authtype = scheme.get(_AUTHTYPE)
    if authorizer is not None:
        _protect(protection, scopes, _TYPES[_member(authorizer, "type").choice(*_TYPES)], name)
        protection.scopes = scopes.texts()
    elif scopes.items():
        raise scopes.refuse(f"the security scheme '{name}' has no authorizer that could check scopes")
    elif authtype is not None and authtype.text().lower() == _SIGV4:
        _protect(protection, scopes, "AWS_IAM", None)
    elif authtype is None and _is_api_key(scheme):
        protection.api_key_required = True
    else:
        raise scopes.refuse(
            f"the security scheme '{name}' cannot be enforced: give it an {_AUTHORIZER}, "
            f"make it the {_API_KEY_HEADER} header, or take the requirement away"
        )


def _protect(protection: Protection, asked: Place, kind: str, authorizer: str | None) -> None:
    if protection.authorization_type != "NONE" and (protection.authorization_type, protection.authorizer) != (
        kind,
        authorizer,
    ):
        raise asked.refuse("a method has one authorizer: alternatives and combinations cannot be enforced")
    protection.authorization_type = kind
    protection.authorizer = authorizer


def _is_api_key(scheme: Place) -> bool:
    """API Gateway reads keys from one header only (guide: API keys in an OpenAPI definition)."""
    return (
        _member(scheme, "type").text() == "apiKey"
        and _member(scheme, "in").text() == "header"
        and _member(scheme, "name").text().lower() == _API_KEY_HEADER
    )


def _apply_auth(protection: Protection, operation: Place) -> None:
    auth = operation.get(_AUTH)
    if auth is None:
        return
    refuse_unknown_members(auth, frozenset({"type"}))
    if _member(auth, "type").choice("NONE", "AWS_IAM") == "AWS_IAM":
        _protect(protection, auth, "AWS_IAM", None)
    elif protection.authorization_type != "NONE":
        raise auth.refuse("the method's security asks for an authorizer, this takes it away")
