"""Meters: what is counted, that it survives, and that no cell has two writers."""

import os
import subprocess
import sys
from pathlib import Path

from portico.adapters import meters
from portico.adapters.meters import MeterFiles, prometheus, read
from portico.wire.prometheus import sample

PETS = ("api", "prod", "GET", "/pets")


def test_a_request_is_counted_once_in_each_of_its_places(tmp_path: Path) -> None:
    files = MeterFiles(tmp_path)
    meter = files.meter(*PETS)
    meter.record(200, 0.001, 0.0005)
    meter.record(403, 0.002, None)
    files.fold()
    meter.record(504, 29.0, 28.9)
    assert read(tmp_path)[PETS].requests == 2, "what was not folded is not told yet"
    files.fold()
    files.fold()
    total = read(tmp_path)[PETS]
    assert (total.requests, total.errors_4xx, total.errors_5xx) == (3, 1, 1)
    assert total.latency == (1, 1, *[0] * 11, 1)
    assert total.integration == (1, *[0] * 12, 1)
    assert abs(total.latency_sum - 29.003) < 1e-9
    assert abs(total.integration_sum - 28.9005) < 1e-9


def test_a_successor_takes_up_what_its_predecessor_counted(tmp_path: Path) -> None:
    first = MeterFiles(tmp_path)
    first.meter(*PETS).record(200, 0.1, None)
    first.close()
    second = MeterFiles(tmp_path)
    second.meter("other", "prod", "GET", "/").record(200, 0.1, None)
    second.meter(*PETS).record(200, 0.1, None)
    second.fold()
    assert read(tmp_path)[PETS].requests == 2
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["0.cells", "0.rows"]


def test_what_a_killed_process_folded_is_kept(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from portico.adapters.meters import MeterFiles\n"
        "files = MeterFiles(Path(sys.argv[1]))\n"
        "files.meter('api', 'prod', 'GET', '/pets').record(200, 0.1, None)\n"
        "files.fold()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert read(tmp_path)[PETS].requests == 1


def test_two_writers_have_files_of_their_own_and_are_added_up(tmp_path: Path) -> None:
    one, two = MeterFiles(tmp_path), MeterFiles(tmp_path)
    one.meter(*PETS).record(200, 0.1, None)
    two.meter(*PETS).record(500, 0.2, 0.1)
    one.fold()
    two.fold()
    total = read(tmp_path)[PETS]
    assert (total.requests, total.errors_5xx, sum(total.integration)) == (2, 1, 1)


def test_a_torn_label_is_forgotten(tmp_path: Path) -> None:
    first = MeterFiles(tmp_path)
    first.meter(*PETS).record(200, 0.1, None)
    first.close()
    with open(tmp_path / "0.rows", "ab") as rows:
        rows.write(b'["half", "a la')
    assert list(read(tmp_path)) == [PETS]
    second = MeterFiles(tmp_path)
    second.meter("api", "prod", "POST", "/pets").record(200, 0.1, None)
    second.fold()
    assert read(tmp_path)["api", "prod", "POST", "/pets"].requests == 1


def test_beyond_the_cap_methods_share_the_overflow(tmp_path: Path) -> None:
    files = MeterFiles(tmp_path)
    for number in range(meters.ROWS + 1):
        meter = files.meter("api", "prod", "GET", f"/{number}")
    meter.record(200, 0.1, None)
    files.meter("api", "prod", "GET", "/0").record(200, 0.1, None)
    files.fold()
    assert {labels: total.requests for labels, total in read(tmp_path).items()} == {
        meters.OVERFLOW: 1,
        ("api", "prod", "GET", "/0"): 1,
    }
    files.close()
    MeterFiles(tmp_path)
    assert read(tmp_path) == {}, "an overfull pair is begun anew"


def test_the_files_are_allocated_whole(tmp_path: Path) -> None:
    MeterFiles(tmp_path)
    status = os.stat(tmp_path / "0.cells")
    assert status.st_blocks * 512 >= status.st_size


def test_prometheus_reads_cumulated_buckets(tmp_path: Path) -> None:
    files = MeterFiles(tmp_path)
    meter = files.meter(*PETS)
    meter.record(200, 0.0007, 0.0004)
    meter.record(500, 0.007, None)
    files.fold()
    lines = prometheus(read(tmp_path))
    labels = 'api_id="api",stage="prod",method="GET",resource="/pets"'
    assert f"portico_requests_total{{{labels}}} 2" in lines
    assert f"portico_5xx_total{{{labels}}} 1" in lines
    assert f'portico_latency_seconds_bucket{{{labels},le="0.001"}} 1' in lines
    assert f'portico_latency_seconds_bucket{{{labels},le="+Inf"}} 2' in lines
    assert f"portico_latency_seconds_sum{{{labels}}} 0.0077" in lines
    assert f"portico_integration_latency_seconds_count{{{labels}}} 1" in lines


def test_labels_are_escaped() -> None:
    assert sample("m", [("a", 'x"\\\n')], 1) == 'm{a="x\\"\\\\\\n"} 1'
