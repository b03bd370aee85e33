"""Brings a server to what a project wants, through the AWS API; what is so already is left alone.

What it made carries the project's mark as a tag: nothing else is ever changed or deleted, also where `--database` names
a database with more in it.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from portico.adapters.credentials import RootCredentials
from portico.adapters.function_host.launch import files_path
from portico.app.dev.document import Document
from portico.app.dev.problems import ProjectError
from portico.app.dev.project import Function
from portico.settings import Settings

STAGE: Final = "dev"
API: Final = "the API"
"""What is no function."""
_TAG: Final = "portico-dev"
_STATEMENT: Final = "portico-dev"
_NO_FILES: Final[tuple[Any, ...]] = (None, [], os.devnull, None)
"""For botocore: no configuration of the user's, who has accounts of his own in it."""


class Route(NamedTuple):
    verb: str
    path: str
    target: str
    """The function's name, or the kind of integration."""


class Unreachable(ProjectError):
    """The server does not answer at the moment."""


class Deployer:
    def __init__(self, control: str, credentials: RootCredentials, settings: Settings, mark: str) -> None:
        self._settings = settings
        self._mark = mark
        self._lambda = _client("lambda", control, credentials, settings.region)
        self._apigateway = _client("apigateway", control, credentials, settings.region)
        self._deployed: tuple[bytes, dict[str, str]] | None = None
        self._serving = False
        """Whether some version of the API is deployed."""
        self.api: str | None = None
        self.functions: dict[str, dict[str, Any]] = {}
        """Configurations of the project's functions, as the server has them."""

    def find(self) -> None:
        """What this project made before. Raises ProjectError."""
        with _told_of(self._settings.data_dir):
            for page in self._lambda.get_paginator("list_functions").paginate():
                for function in page["Functions"]:
                    if self._is_ours(self._lambda.list_tags(Resource=function["FunctionArn"])["Tags"]):
                        self._keep(function)
            for page in self._apigateway.get_paginator("get_rest_apis").paginate():
                for api in page["items"]:
                    if self._is_ours(api.get("tags", {})):
                        self.api = api["id"]
            for name in self.functions if self.api else ():
                self._allow(name)

    def _is_ours(self, tags: Mapping[str, str]) -> bool:
        return tags.get(_TAG) == self._mark

    def has(self, what: str) -> bool:
        """Whether something of that name serves: a function, or else the API."""
        return what in self.functions or (what == API and self._serving)

    # Functions

    def function(self, function: Function, code: bytes) -> bool:
        """Make it what is wanted; whether there was anything to do. Raises ProjectError."""
        with _told_of(function.folder):
            return self._function(function, code)

    def remove(self, name: str) -> None:
        """Raises ProjectError."""
        with _told_of(self._settings.data_dir):
            self._lambda.delete_function(FunctionName=name)
        del self.functions[name]

    def _function(self, function: Function, code: bytes) -> bool:
        if function.access_point is not None:
            files_path(self._settings.data_dir, function.access_point).mkdir(parents=True, exist_ok=True)
        wanted = function.configuration(self._arn("elasticfilesystem", "access-point/"))
        there = self.functions.get(function.name)
        if there is None:
            self._create(function.name, wanted, code)
            return True
        changed = False
        if there["CodeSha256"] != base64.b64encode(hashlib.sha256(code).digest()).decode():
            self._keep(self._lambda.update_function_code(FunctionName=function.name, ZipFile=code))
            changed = True
        if any(_settled(there.get(member)) != _settled(value) for member, value in wanted.items()):
            self._keep(self._lambda.update_function_configuration(FunctionName=function.name, **wanted))
            changed = True
        return changed

    def _create(self, name: str, wanted: dict[str, Any], code: bytes) -> None:
        made = self._lambda.create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::{self._settings.account_id}:role/portico-dev",
            Code={"ZipFile": code},
            Tags={_TAG: self._mark},
            **wanted,
        )
        self._keep(made)
        if self.api is not None:
            self._allow(name)

    def _keep(self, configuration: dict[str, Any]) -> None:
        self.functions[configuration["FunctionName"]] = configuration

    def _allow(self, name: str) -> None:
        """The project's API may call it. What an API of before could, ends."""
        api = self._arn("execute-api", f"{self.api}/*/*")
        try:
            if api in self._lambda.get_policy(FunctionName=name)["Policy"]:
                return
            self._lambda.remove_permission(FunctionName=name, StatementId=_STATEMENT)
        except self._lambda.exceptions.ResourceNotFoundException:
            pass
        self._lambda.add_permission(
            FunctionName=name,
            StatementId=_STATEMENT,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=api,
        )

    # The API

    def document(self, document: Document, variables: Mapping[str, str]) -> list[str] | None:
        """Make the API and its stage what is wanted: the warnings; None where there was nothing to do.

        Raises ProjectError; then the stage serves what it served.
        """
        wanted = (document.body, dict(variables))
        if wanted == self._deployed:
            return None
        put = self._deployed is None or self._deployed[0] != document.body
        self._deployed = None  # as long as it is not whole
        with _told_of(document.path, document.refused):
            warnings = self._put(document) if put else []
            self._deploy(dict(variables))
        self._deployed = wanted
        self._serving = True
        return warnings

    def routes(self) -> list[Route]:
        """What the API serves, in the order of its paths. Raises ProjectError."""
        with _told_of(self._settings.data_dir):
            pages = self._apigateway.get_paginator("get_resources").paginate(restApiId=self.api, embed=["methods"])
            resources = [resource for page in pages for resource in page["items"]]
        return [
            Route(verb, resource["path"], _target(method.get("methodIntegration", {})))
            for resource in sorted(resources, key=lambda one: str(one["path"]))
            for verb, method in sorted(resource.get("resourceMethods", {}).items())
        ]

    def _put(self, document: Document) -> list[str]:
        if self.api is not None:
            put = self._apigateway.put_rest_api(restApiId=self.api, mode="overwrite", body=document.body)
            return list(put.get("warnings", ()))
        made = self._apigateway.import_rest_api(
            body=document.body, parameters={"endpointConfigurationTypes": "REGIONAL"}
        )
        self.api = made["id"]
        arn = f"arn:aws:apigateway:{self._settings.region}::/restapis/{self.api}"
        self._apigateway.tag_resource(resourceArn=arn, tags={_TAG: self._mark})
        for name in self.functions:
            self._allow(name)
        return list(made.get("warnings", ()))

    def _deploy(self, variables: dict[str, str]) -> None:
        """The variables first: what is deployed may need them."""
        api: dict[str, Any] = {"restApiId": self.api}
        stages = {one["stageName"]: one for one in self._apigateway.get_stages(**api)["item"]}
        if STAGE not in stages:
            self._apigateway.create_deployment(**api, stageName=STAGE, variables=variables)
            return
        before = stages[STAGE]
        edits = _edits(before.get("variables", {}), variables)
        if edits:
            self._apigateway.update_stage(**api, stageName=STAGE, patchOperations=edits)
        self._apigateway.create_deployment(**api, stageName=STAGE)
        with suppress(ClientError):  # somebody has another stage there
            self._apigateway.delete_deployment(**api, deploymentId=before["deploymentId"])

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self._settings.region}:{self._settings.account_id}:{resource}"


def _client(service: str, control: str, credentials: RootCredentials, region: str) -> Any:
    session = Session(
        session_vars={"profile": (None, [], None, None), "config_file": _NO_FILES, "credentials_file": _NO_FILES}
    )
    return session.create_client(
        service,
        endpoint_url=control,
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 5}),
    )


@contextmanager
def _told_of(path: Path, refused: Callable[[str], ProjectError] | None = None) -> Iterator[None]:
    """What the server refuses, as a ProjectError about `path`; Unreachable where it could not say."""
    try:
        yield
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Unreachable.at(path, message) from None
        raise (refused(message) if refused else ProjectError.at(path, message)) from None
    except BotoCoreError as error:
        raise Unreachable.at(path, str(error)) from None


def _settled(value: Any) -> Any:
    """A member of a configuration, whichever way nothing is written."""
    return None if value in ([], {}, {"Variables": {}}) else value


def _edits(before: dict[str, str], wanted: dict[str, str]) -> list[dict[str, str]]:
    gone = [{"op": "remove", "path": f"/variables/{name}"} for name in before if name not in wanted]
    return gone + [
        {"op": "replace", "path": f"/variables/{name}", "value": value}
        for name, value in wanted.items()
        if before.get(name) != value
    ]


def _target(integration: dict[str, Any]) -> str:
    uri = str(integration.get("uri", ""))
    if ":function:" in uri:
        return uri.rpartition(":function:")[2].removesuffix("/invocations")
    return str(integration.get("type", "")).lower()
