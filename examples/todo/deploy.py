"""The to-do application, put on a Portico with nothing but boto3. Run again, it brings up to date what is there.

    python examples/todo/deploy.py --access-point arn:aws:elasticfilesystem:REGION:ACCOUNT:access-point/fsap-…

boto3 finds credentials, region and endpoint where it always does. It prints the API's id; the stage is `prod`. What is
here would work on AWS too, with a role that exists and with the VpcConfig that Lambda wants beside a file system.
"""

import argparse
import io
import tomllib
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import boto3

HERE = Path(__file__).resolve().parent
STAGE = "prod"
NAME = "To-do"
"""The title in the document."""
RUNTIMES = {"python": "python3.12", "nodejs": "nodejs22.x"}


class Place(NamedTuple):
    region: str
    account: str
    access_point: str
    role: str


def main() -> None:
    place = _place()
    lambda_, apigateway = boto3.client("lambda"), boto3.client("apigateway")
    names = [put_function(lambda_, place, folder) for folder in sorted((HERE / "functions").iterdir())]
    api = put_api(apigateway)
    for name in names:
        allow(lambda_, place, name, api)
    apigateway.create_deployment(restApiId=api, stageName=STAGE)
    print(api)


def put_function(lambda_: Any, place: Place, folder: Path) -> str:
    """Make the function that a folder describes, or change it to that; its name."""
    name = folder.name
    settings = tomllib.loads((folder / "function.toml").read_text())
    code = (folder / settings.get("code", ".")).resolve()
    language = "python" if "handler" in settings else "nodejs"
    configuration = {
        "FunctionName": name,
        "Role": place.role,
        "Runtime": RUNTIMES[language],
        "Handler": settings.get("handler", "index.handler"),
        "Environment": {"Variables": settings["environment"]},
        "FileSystemConfigs": [{"Arn": place.access_point, "LocalMountPath": settings["mount"]}],
    }
    try:
        lambda_.create_function(**configuration, Code={"ZipFile": zipped(code)})
    except lambda_.exceptions.ResourceConflictException:
        lambda_.update_function_code(FunctionName=name, ZipFile=zipped(code))
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
        lambda_.update_function_configuration(**configuration)
    return name


def zipped(folder: Path) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".py", ".mjs"):
                archive.write(path, path.name)
    return body.getvalue()


def put_api(apigateway: Any) -> str:
    """Import the document, or put it over what was imported before; the API's id."""
    body = (HERE / "openapi.yaml").read_bytes()
    pages = apigateway.get_paginator("get_rest_apis").paginate()
    there = [api["id"] for page in pages for api in page["items"] if api["name"] == NAME]
    if there:
        apigateway.put_rest_api(restApiId=there[0], mode="overwrite", failOnWarnings=True, body=body)
        return str(there[0])
    regional = {"endpointConfigurationTypes": "REGIONAL"}
    return str(apigateway.import_rest_api(failOnWarnings=True, body=body, parameters=regional)["id"])


def allow(lambda_: Any, place: Place, name: str, api: str) -> None:
    """Let the API, and nobody else, call the function."""
    with suppress(lambda_.exceptions.ResourceConflictException):  # it may already
        lambda_.add_permission(
            FunctionName=name,
            StatementId=f"api-{api}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{place.region}:{place.account}:{api}/*/*",
        )


def _place() -> Place:
    parser = argparse.ArgumentParser(description="Deploy the to-do application.")
    parser.add_argument("--access-point", required=True, help="ARN of the file system that the functions share")
    parser.add_argument("--role", help="ARN of the functions' role; any will do on Portico")
    options = parser.parse_args()
    region, account = options.access_point.split(":")[3:5]
    return Place(region, account, options.access_point, options.role or f"arn:aws:iam::{account}:role/todo")


if __name__ == "__main__":
    main()
