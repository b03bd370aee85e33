"""AWS's services as integration URIs name them: how each signs, where it answers, how its actions are called.

A service that has no row follows the general rule: its name is its host's first label, its signing name and, in
capitals, the end of its AWS_ENDPOINT_URL variable. `tests/unit/lang/test_aws_services.py` compares the rows with
botocore's models.
"""

from typing import Final, NamedTuple


class Service(NamedTuple):
    """One service."""

    name: str
    """In integration URIs, and in front of the region in its host's name."""
    signing: str
    """In credential scopes."""
    variable: str
    """Its botocore service id as environment variables have it: AWS_ENDPOINT_URL_{variable}."""
    target: str = ""
    """What stands before the operation in X-Amz-Target, where actions are called by that header too."""
    json: str = ""
    """The version in the Content-Type of such calls: application/x-amz-json-{json}."""
    worldwide: bool = False
    """One host for all regions, signed for us-east-1."""
    label: str = ""
    """The host's label where it is not the name."""

    def host(self, region: str, subdomain: str) -> str:
        """Where AWS has it."""
        label = f"{subdomain}.{self.label or self.name}" if subdomain else self.label or self.name
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"{label}.{suffix}" if self.worldwide else f"{label}.{region}.{suffix}"

    def signing_region(self, region: str) -> str:
        return "us-east-1" if self.worldwide else region


_JSON_0: Final = (
    # name, signing name, variable, prefix of X-Amz-Target
    ("dynamodb", "dynamodb", "DYNAMODB", "DynamoDB_20120810"),
    ("streams.dynamodb", "dynamodb", "DYNAMODB_STREAMS", "DynamoDBStreams_20120810"),
    ("states", "states", "SFN", "AWSStepFunctions"),
    ("swf", "swf", "SWF", "SimpleWorkflowService"),
    ("ingest.timestream", "timestream", "TIMESTREAM_WRITE", "Timestream_20181101"),
    ("query.timestream", "timestream", "TIMESTREAM_QUERY", "Timestream_20181101"),
)

_JSON_1: Final = (
    ("acm", "acm", "ACM", "CertificateManager"),
    ("athena", "athena", "ATHENA", "AmazonAthena"),
    ("cloudtrail", "cloudtrail", "CLOUDTRAIL", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
    ("codebuild", "codebuild", "CODEBUILD", "CodeBuild_20161006"),
    ("codepipeline", "codepipeline", "CODEPIPELINE", "CodePipeline_20150709"),
    ("cognito-identity", "cognito-identity", "COGNITO_IDENTITY", "AWSCognitoIdentityService"),
    ("cognito-idp", "cognito-idp", "COGNITO_IDENTITY_PROVIDER", "AWSCognitoIdentityProviderService"),
    ("comprehend", "comprehend", "COMPREHEND", "Comprehend_20171127"),
    ("ecs", "ecs", "ECS", "AmazonEC2ContainerServiceV20141113"),
    ("events", "events", "EVENTBRIDGE", "AWSEvents"),
    ("firehose", "firehose", "FIREHOSE", "Firehose_20150804"),
    ("glue", "glue", "GLUE", "AWSGlue"),
    ("kinesis", "kinesis", "KINESIS", "Kinesis_20131202"),
    ("kms", "kms", "KMS", "TrentService"),
    ("logs", "logs", "CLOUDWATCH_LOGS", "Logs_20140328"),
    ("redshift-data", "redshift-data", "REDSHIFT_DATA", "RedshiftData"),
    ("rekognition", "rekognition", "REKOGNITION", "RekognitionService"),
    ("api.sagemaker", "sagemaker", "SAGEMAKER", "SageMaker"),
    ("secretsmanager", "secretsmanager", "SECRETS_MANAGER", "secretsmanager"),
    ("servicediscovery", "servicediscovery", "SERVICEDISCOVERY", "Route53AutoNaming_v20170314"),
    ("textract", "textract", "TEXTRACT", "Textract"),
    ("transcribe", "transcribe", "TRANSCRIBE", "Transcribe"),
    ("translate", "translate", "TRANSLATE", "AWSShineFrontendService_20170701"),
)

_OTHERS: Final = (
    # SQS, SSM and CloudWatch take JSON too; their actions are called by the query protocol (recorded facts 142, 143).
    Service("sqs", "sqs", "SQS"),
    Service("ssm", "ssm", "SSM"),
    Service("monitoring", "monitoring", "CLOUDWATCH"),
    Service("s3", "s3", "S3"),
    Service("sns", "sns", "SNS"),
    Service("sts", "sts", "STS"),
    Service("email", "ses", "SES"),
    Service("appconfigdata", "appconfig", "APPCONFIGDATA"),
    Service("appsync-api", "appsync", "APPSYNC"),
    Service("autoscaling", "autoscaling", "AUTO_SCALING"),
    Service("bedrock-runtime", "bedrock", "BEDROCK_RUNTIME"),
    Service("bedrock-agent-runtime", "bedrock", "BEDROCK_AGENT_RUNTIME"),
    Service("elasticloadbalancing", "elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2"),
    Service("es", "es", "OPENSEARCH"),
    Service("geo", "geo", "LOCATION"),
    Service("iotdata", "iotdata", "IOT_DATA_PLANE", label="iot"),
    Service("personalize-runtime", "personalize", "PERSONALIZE_RUNTIME"),
    Service("pinpoint", "mobiletargeting", "PINPOINT"),
    Service("rds-data", "rds-data", "RDS_DATA"),
    Service("runtime.lex", "lex", "LEX_RUNTIME_SERVICE"),
    Service("runtime-v2-lex", "lex", "LEX_RUNTIME_V2"),
    Service("runtime.sagemaker", "sagemaker", "SAGEMAKER_RUNTIME"),
    Service("cloudfront", "cloudfront", "CLOUDFRONT", worldwide=True),
    Service("iam", "iam", "IAM", worldwide=True),
    Service("organizations", "organizations", "ORGANIZATIONS", "AWSOrganizationsV20161128", "1.1", worldwide=True),
    Service("route53", "route53", "ROUTE_53", worldwide=True),
)

SERVICES: Final[dict[str, Service]] = {
    **{row[0]: Service(*row, "1.0") for row in _JSON_0},
    **{row[0]: Service(*row, "1.1") for row in _JSON_1},
    **{service.name: service for service in _OTHERS},
}
"""Those that are not what the general rule would make of their name, and the usual ones."""

S3: Final = SERVICES["s3"]
STS: Final = SERVICES["sts"]


def find_service(text: str) -> tuple[Service, str]:
    """The service and the subdomain of `{subdomain}.{service}` or `{service}`, both in lower case."""
    known = SERVICES.get(text)
    if known is not None:
        return known, ""
    subdomain, _, name = text.rpartition(".")
    return SERVICES.get(name) or Service(name, name, name.upper().replace("-", "_")), subdomain
