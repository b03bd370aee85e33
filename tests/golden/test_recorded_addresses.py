"""What AWS refuses as the address of an integration of type AWS or AWS_PROXY."""

from recorded_calls import scenario

PLACE = {"httpMethod": "POST", "authorizationType": "NONE"}
GATEWAY = "arn:aws:apigateway:us-east-1"


def test_aws_proxy_is_for_functions() -> None:
    with scenario("dynamodb.json", "test_error_aws_proxy_not_supported") as replay:
        replay.call("put_method", resourceId=replay.root, **PLACE)
        replay.hold(
            "create-integration-error",
            "put_integration",
            resourceId=replay.root,
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"{GATEWAY}:dynamodb:action/PutItem",
        )


def test_what_is_said_of_addresses() -> None:
    addresses = {
        "put-integration-lambda-uri": ("AWS", "arn:aws:lambda:us-east-1:111111111111:function:MyLambda"),
        "put-integration-wrong-arn": ("AWS", "lambda"),
        "put-integration-wrong-type": ("AWS_PROXY", "arn:aws:lambda:us-east-1:111111111111:function:MyLambda"),
        "put-integration-wrong-firehose": ("AWS_PROXY", f"{GATEWAY}:firehose:path/2015-03-31/functions/x/invocations"),
        "put-integration-bad-lambda-arn": ("AWS_PROXY", f"{GATEWAY}:lambda:path/bad-lambda-arn"),
    }
    with scenario("lambda.json", "test_put_integration_aws_proxy_uri") as replay:
        replay.call("put_method", resourceId=replay.root, **PLACE)
        place = {"resourceId": replay.root, "httpMethod": "POST", "integrationHttpMethod": "POST"}
        for recorded, (kind, uri) in addresses.items():
            replay.hold(recorded, "put_integration", **place, type=kind, uri=uri)
