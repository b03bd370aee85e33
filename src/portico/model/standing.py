"""Standing: what acts on requests without a deployment, as on AWS (recorded fact 152)."""

from typing import Any

import msgspec

from portico.model.record import Record


class AccessLogSettings(Record, frozen=True, kw_only=True):
    format: str | None = None
    destination_arn: str | None = None


class MethodSetting(Record, frozen=True, kw_only=True):
    """A stage's settings for one method ("pets/GET") or for all ("*/*"). None: never set, AWS's default acts."""

    metrics_enabled: bool | None = None
    logging_level: str | None = None
    data_trace_enabled: bool | None = None
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None
    caching_enabled: bool | None = None
    cache_ttl_in_seconds: int | None = None
    cache_data_encrypted: bool | None = None
    require_authorization_for_cache_control: bool | None = None
    unauthorized_cache_control_header_strategy: str | None = None


class CanarySettings(Record, frozen=True, kw_only=True):
    percent_traffic: float = 0.0
    deployment_id: str | None = None
    snapshot: str | None = None
    stage_variable_overrides: dict[str, str] = {}
    use_stage_cache: bool = False


class StageStanding(Record, frozen=True, kw_only=True):
    """Standing record kind "stage", key "{api_id}/{stage_name}".

    `snapshot` is the content hash of what the stage's deployment froze. `disable_execute_api_endpoint` is the API's
    switch as it was at the stage's last deployment or update: that is when AWS lets it act.
    """

    api_id: str
    stage_name: str
    deployment_id: str
    snapshot: str
    variables: dict[str, str] = {}
    method_settings: dict[str, MethodSetting] = {}
    access_log_settings: AccessLogSettings | None = None
    cache_cluster_enabled: bool = False
    cache_cluster_size: str | None = None
    tracing_enabled: bool = False
    client_certificate_id: str | None = None
    canary_settings: CanarySettings | None = None
    web_acl_arn: str | None = None
    disable_execute_api_endpoint: bool = False
    vpc_links: dict[str, tuple[str, ...]] = {}
    """The ARNs behind each VPC link that the stage's Snapshots name. What a link leads to never changes."""

    @property
    def canary(self) -> bool | None:
        """Whether these are a canary's requests; None where the stage has no canary."""
        return None if self.canary_settings is None else False


class CanaryStanding(StageStanding, frozen=True, kw_only=True):
    """A stage as its canary's requests meet it. No record of its own: `canary_of` makes it."""

    @property
    def canary(self) -> bool | None:
        return True


def canary_of(stage: StageStanding) -> CanaryStanding | None:
    """What the canary's share of a stage's requests is served by: another deployment, and variables overridden.

    All else is the stage's own. A canary that names no deployment is the stage's own deployment (recorded fact 76).
    """
    canary = stage.canary_settings
    if canary is None:
        return None
    members = {name: getattr(stage, name) for name in stage.__struct_fields__}
    if canary.snapshot is not None and canary.deployment_id is not None:
        members |= {"snapshot": canary.snapshot, "deployment_id": canary.deployment_id}
    members["variables"] = {**stage.variables, **canary.stage_variable_overrides}
    return CanaryStanding(**members)


def decode_stage(value: dict[str, Any]) -> StageStanding:
    """A stage's Standing from its record. Raises msgspec.ValidationError on anything that is not one."""
    return msgspec.convert(value, StageStanding)
