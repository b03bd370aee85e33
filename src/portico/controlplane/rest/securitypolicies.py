"""An API's security policy, and the endpoint access mode that belongs to it.

The refusals are AWS's words, as people quote them (github.com/aws/aws-sam-cli issue 9007, and CreateRestApi's).
"""

from portico.ports.store import Document
from portico.wire.aws.faults import BadRequestException

SECURITY_POLICIES = (
    "TLS_1_0",
    "TLS_1_2",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_2021_06",
    "SecurityPolicy_TLS13_2025_EDGE",
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS12_2018_EDGE",
)
ACCESS_MODES = ("BASIC", "STRICT")


def default_security_policy(types: list[str]) -> str:
    """What AWS answers for an API of these endpoint types that names no policy (guide, "Supported security policies",
    and a listing of live APIs in turbot/steampipe-plugin-aws pull request 2685)."""
    return "TLS_1_2" if "PRIVATE" in types else "TLS_1_0"


def check_access_mode(document: Document) -> None:
    """Enhanced policies need an access mode, legacy ones take none. Raises BadRequestException."""
    enhanced = document.get("securityPolicy", "").startswith("SecurityPolicy_")
    if enhanced and "endpointAccessMode" not in document:
        raise BadRequestException("Endpoint access mode is required for the specified security policy")
    if not enhanced and "endpointAccessMode" in document:
        raise BadRequestException("Endpoint access mode is not supported for this security policy")
