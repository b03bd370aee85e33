"""REST APIs: from a Snapshot under a stage's Standing to a Program. THE ORDER OF STEPS IS WRITTEN HERE.

A method's Steps, in AWS's order (semantics section 1). Only what the method asks for is in its tuple:

1. refuse      what is configured and not enforced yet (compile/unserved.py); nothing behind it runs
2. parameters  the required ones, where a request validator asks for it (steps/validate.py)
3. read_body   everything above decides without the body; a client that waits for `100 Continue` is told to go on here
4. inflate     a compressed body is decompressed before anything looks at it
5. validate    the body, where a request validator asks for it
6. convert     an HTTP_PROXY's contentHandling; the other types convert in their integration, around their templates
7. the integration: mock | http | http_proxy | lambda_proxy | lambda_custom | aws_service, with its own mappings,
   templates and integration responses; aws_service begins with a Step that waits for credentials. An API that has
   answers compressed has its last Step compress them; HTTP_PROXY, whose answers may come in pieces, does it itself
A method that a stage's settings have logged begins with one Step more, and has another behind `inflate`: what is told
in an execution log (execution_log/method.py). They change nothing of what is served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from portico.dataplane import request_ids
from portico.dataplane.canary import meter_of, sink_of
from portico.dataplane.compile.unserved import api_reasons, integration_reasons, method_reasons, stage_reasons
from portico.dataplane.compile.validation import answer_check, body_steps, parameter_steps
from portico.dataplane.compression import Compression
from portico.dataplane.execution_log.method import LoggedProgram, is_logged, method_log
from portico.dataplane.fault import API_CONFIGURATION_ERROR, Fault
from portico.dataplane.gateway_responses import GatewayResponses
from portico.dataplane.integration import Place, Spec
from portico.dataplane.integrations import aws_service, http, http_proxy, lambda_custom, lambda_proxy, mock
from portico.dataplane.log_format import DEFAULT_FORMAT, Format, compile_format
from portico.dataplane.media_types import BinaryTypes
from portico.dataplane.models import ModelShelf
from portico.dataplane.ports import Ports
from portico.dataplane.program import Program, Route, Stage
from portico.dataplane.routes import greedy_name, parameter_names
from portico.dataplane.step import Outcome, Steps
from portico.dataplane.steps.body import inflate, read_body
from portico.dataplane.steps.convert import convert
from portico.dataplane.streaming import streams
from portico.kernel.errors import PorticoError
from portico.lang.errors import EvaluationError, NotBuilt, SourceError
from portico.lang.function_uri import names_lambda
from portico.lang.uri import substitute
from portico.model.rest import Integration, Method, Resource, Snapshot
from portico.model.standing import StageStanding
from portico.ports.compilation import CompileError, Unserved


def _aws(spec: Spec) -> Steps:
    """Type AWS is two integrations: functions are invoked by their port, all else is called by HTTP."""
    if names_lambda(substitute(spec.integration.uri or "", spec.variables)):
        return lambda_custom.compile(spec)
    return aws_service.compile(spec)


INTEGRATIONS: Final[dict[str, Callable[[Spec], Steps]]] = {
    **{module.KIND: module.compile for module in (mock, http, http_proxy, lambda_proxy)},
    "AWS": _aws,
}

_BODY_STEPS: Final = (read_body, inflate)


class Compiler:
    """Makes Programs, and answers control's question what a definition would come to."""

    def __init__(self, ports: Ports, models: ModelShelf | None = None) -> None:
        self._ports = ports
        self._models = models or ModelShelf()

    def program(self, standing: StageStanding, snapshot: Snapshot | None = None) -> Program:
        """What serves a stage. Without a Snapshot, where it could not be loaded, every request is refused."""
        ports = self._ports
        stage = Stage(
            standing.api_id,
            standing.stage_name,
            standing.deployment_id,
            ports.account_id,
            ports.region,
            standing.variables,
            standing.canary,
        )
        log = _format(standing)
        kind = LoggedProgram if is_logged(standing) else Program
        program = kind(
            stage,
            standing,
            snapshot or Snapshot(api_id=standing.api_id),
            self.route,
            GatewayResponses(snapshot),
            sink_of(ports.access_log, standing, log.again),
            log,
            meter_of(ports.meters, standing, "", ""),
        )
        program.lost = snapshot is None
        program.refuse(_refusal(standing, snapshot))
        return program

    def route(self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method) -> Route:
        """One method, compiled. What cannot be compiled or is not enforced becomes a Route that refuses."""
        log = method_log(self._ports, standing, resource.path, method.http_method)
        compiler = self if log is None else Compiler(log.ports(self._ports), self._models)
        try:
            steps = compiler._steps(snapshot, standing, resource, method)
        except PorticoError as error:
            steps = (_refuse(str(error)),)
        if log is not None:
            steps = log.around(steps)
        meter = meter_of(self._ports.meters, standing, method.http_method, resource.path)
        behind_body = len(_BODY_STEPS) if steps[: len(_BODY_STEPS)] == _BODY_STEPS else 0
        return Route(steps, behind_body, resource.path, resource.id, parameter_names(resource.path), meter)

    def _steps(self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method) -> Steps:
        reasons = [*method_reasons(resource.path, method, standing), *_integration_reasons(method.method_integration)]
        if reasons:
            return (_refuse("; ".join(reasons)),)
        return self._compiled(snapshot, standing, resource, method)

    def _compiled(self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method) -> Steps:
        """What serves a method of which nothing is refused. Raises lang's errors for what cannot be compiled."""
        return (
            *parameter_steps(snapshot, method, parameter_names(resource.path)),
            *_BODY_STEPS,
            *body_steps(self._models, snapshot, standing, method),
            *self._integration(snapshot, standing, resource, method),
        )

    def _integration(self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method) -> Steps:
        integration = method.method_integration
        assert integration is not None
        spec = Spec(
            api_id=snapshot.api_id,
            place=_place(snapshot, standing, resource),
            method=method,
            integration=integration,
            parameter_names=parameter_names(resource.path),
            greedy=greedy_name(resource.path),
            variables=standing.variables,
            binary_media_types=snapshot.binary_media_types,
            ports=self._ports,
            answers=answer_check(self._models, snapshot, standing, method),
            client_certificate=standing.client_certificate_id,
            vpc_links=standing.vpc_links,
            request_ids=request_ids.are_read(snapshot, standing, integration),
            compression=_compression(snapshot, self._ports),
        )
        return (*_conversion(spec), *_compressed(spec, _checked(spec, INTEGRATIONS[integration.type](spec))))

    # The Compilation port

    def check(self, snapshot: Snapshot, stage: StageStanding | None) -> list[Unserved]:
        """Compile everything once; see ports/compilation.py. Several threads may ask at a time."""
        return Compiler(self._ports)._check(snapshot, stage)

    def _check(self, snapshot: Snapshot, stage: StageStanding | None) -> list[Unserved]:
        unserved = [Unserved("", "", reason) for reason in api_reasons(snapshot)]
        unserved += [Unserved("", "", reason) for reason in stage_reasons(stage)] if stage is not None else []
        try:
            GatewayResponses(snapshot).check()
        except SourceError as error:
            raise CompileError(f"gateway response: {error}") from None
        standing = stage or StageStanding(api_id=snapshot.api_id, stage_name="", deployment_id="", snapshot="")
        for resource in snapshot.resources:
            for method in resource.resource_methods.values():
                for reason in self._method_reasons(snapshot, standing, resource, method):
                    unserved.append(Unserved(method.http_method, resource.path, reason))
        return unserved

    def problems(self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method) -> list[str]:
        """Why a method will not be served under a stage, or cannot be deployed at all; empty where it is served."""
        try:
            return list(self._method_reasons(snapshot, standing, resource, method))
        except CompileError as error:
            return [str(error)]

    def _method_reasons(
        self, snapshot: Snapshot, standing: StageStanding, resource: Resource, method: Method
    ) -> Iterator[str]:
        yield from method_reasons(resource.path, method, standing)
        reasons = list(_integration_reasons(method.method_integration))
        if reasons:
            yield from reasons
            return
        try:
            self._compiled(snapshot, standing, resource, method)
        except (NotBuilt, EvaluationError) as error:
            yield str(error)
        except SourceError as error:
            raise CompileError(f"{method.http_method} {resource.path}: {error}") from None


def _place(snapshot: Snapshot, standing: StageStanding, resource: Resource) -> Place:
    edge = "EDGE" in snapshot.endpoint_configuration.types
    return Place(resource.id, resource.path, standing.stage_name, standing.deployment_id, edge, standing.canary)


def _conversion(spec: Spec) -> Steps:
    handling = spec.integration.content_handling
    if spec.integration.type != http_proxy.KIND or handling is None:
        return ()
    return (convert(BinaryTypes(spec.binary_media_types), handling),)


def _checked(spec: Spec, steps: Steps) -> Steps:
    """The integration's Steps with the check of their answer. HTTP_PROXY has none that makes it, and checks itself."""
    if spec.answers is None:
        return steps
    if streams(spec.integration):
        raise NotBuilt("", "answers that are streamed are not checked against their model")
    if spec.integration.type == http_proxy.KIND:
        return steps
    return (*steps[:-1], spec.answers.after(steps[-1]))


def _compression(snapshot: Snapshot, ports: Ports) -> Compression | None:
    minimum = snapshot.minimum_compression_size
    return None if minimum is None else Compression(minimum, ports.turns)


def _compressed(spec: Spec, steps: Steps) -> Steps:
    """The integration's Steps with the compression of their answer, which HTTP_PROXY does itself; streams have none."""
    if spec.compression is None or spec.integration.type == http_proxy.KIND or streams(spec.integration):
        return steps
    return (*steps[:-1], spec.compression.after(steps[-1]))


def _integration_reasons(integration: Integration | None) -> Iterator[str]:
    """What an integration asks for that is not built yet."""
    if integration is None:
        yield "it has no integration"
        return
    if integration.type not in INTEGRATIONS:
        yield f"integrations of type {integration.type} are not built yet"
    yield from integration_reasons(integration)


def _refuse(reason: str) -> Callable[[object], Outcome | None]:
    """A Step that answers 500 and tells the operator why: what is not enforced is not served."""

    def refuse(_exchange: object) -> Outcome | None:
        raise Fault(API_CONFIGURATION_ERROR, cause=f"not served: {reason}")

    return refuse


def _refusal(standing: StageStanding, snapshot: Snapshot | None) -> Fault | None:
    if not standing.api_id:
        return None
    if snapshot is None:
        return Fault(API_CONFIGURATION_ERROR, cause="not served: its snapshot could not be loaded")
    reasons = [*api_reasons(snapshot), *stage_reasons(standing)]
    return Fault(API_CONFIGURATION_ERROR, cause=f"not served: {'; '.join(reasons)}") if reasons else None


def _format(standing: StageStanding) -> Format:
    """A stage's format, or the default where it has none or one that an older version took and we cannot compile."""
    settings = standing.access_log_settings
    try:
        return compile_format((settings and settings.format) or DEFAULT_FORMAT)
    except SourceError:
        return compile_format(DEFAULT_FORMAT)
