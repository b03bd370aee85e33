import pytest

from portico.wire.aws.timestamps import ISO, RFC822, UNIX, Wire, epoch_seconds, render

MOMENT = 1_440_938_160.0


@pytest.mark.parametrize(
    "text",
    [
        "2015-08-30T12:36:00Z",
        "2015-08-30T14:36:00+02:00",
        "2015-08-30T12:36:00",
        "Sun, 30 Aug 2015 12:36:00 GMT",
        "1440938160",
        1440938160,
        1440938160.0,
    ],
)
def test_reads_all_three_forms(text: Wire) -> None:
    assert epoch_seconds(text) == MOMENT


@pytest.mark.parametrize("text", ["", "soon", "2015-13-01", "inf", "1e999"])
def test_refuses_what_is_no_point_in_time(text: str) -> None:
    with pytest.raises(ValueError):
        epoch_seconds(text)


@pytest.mark.parametrize(
    ("form", "written"),
    [(UNIX, 1440938160), (ISO, "2015-08-30T12:36:00Z"), (RFC822, "Sun, 30 Aug 2015 12:36:00 GMT")],
)
def test_writes_whole_seconds(form: str, written: Wire) -> None:
    assert render(MOMENT + 0.9, form) == written
