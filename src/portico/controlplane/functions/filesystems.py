"""FileSystemConfigs: folders that functions share.

Lambda mounts EFS; here an access point is a folder that the operator made, and naming one that is not there is refused.
"""

from portico.controlplane.functions.faults import InvalidParameterValueException
from portico.controlplane.functions.unsupported import refuse_unsupported
from portico.controlplane.operation import Call
from portico.model.function import FileSystem
from portico.ports.store import Document


def check_file_systems(call: Call) -> None:
    """Those that a call asks for. Raises InvalidParameterValueException."""
    for wanted in call.params.get("FileSystemConfigs") or ():
        refuse_unsupported(wanted)
        _check(call, wanted["Arn"])
        if wanted["LocalMountPath"].rpartition("/")[2] in (".", ".."):  # the model's pattern lets them through
            raise InvalidParameterValueException(f"{wanted['LocalMountPath']} is no folder below /mnt.")


def _check(call: Call, arn: str) -> None:
    """The model has checked its form: `arn:aws:elasticfilesystem:{region}:{account}:access-point/fsap-…`, or of S3."""
    realm = call.realm
    here = f"arn:aws:elasticfilesystem:{realm.region}:{realm.account_id}:access-point/"
    if not arn.startswith(here):
        raise InvalidParameterValueException(f"{arn} is no access point of this server: those begin with {here}")
    if not realm.has_access_point(_access_point(arn)):
        raise InvalidParameterValueException(
            f"The access point {arn} does not exist. On Portico it is the folder files/{_access_point(arn)} of the "
            "data directory."
        )


def file_systems(configuration: Document) -> tuple[FileSystem, ...]:
    """As the function stands."""
    wanted = configuration.get("FileSystemConfigs", ())
    return tuple(FileSystem(access_point=_access_point(one["Arn"]), path=one["LocalMountPath"]) for one in wanted)


def _access_point(arn: str) -> str:
    return arn.rpartition("/")[2]
