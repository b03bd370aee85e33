"""What a record of Standing is made of: immutable, with AWS's names, and refused rather than half understood."""

import msgspec


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
):
    """A member that this version does not know is a record that it refuses: it may ask for a protection."""
