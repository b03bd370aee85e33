"""Options from the command line, the environment and a file: who wins, and what a bad one is told."""

import ipaddress
from pathlib import Path

import pytest

from portico.settings import OPTIONS, Address, SettingError, Settings, loads
from portico.settings.database_url import label, sqlite_path
from portico.settings.sources import load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(flags: dict[str, object], environ: dict[str, str] | None = None, config: str | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        load(flags, environ or {}, config)
    return str(caught.value)


def test_without_anything_every_option_has_its_default() -> None:
    settings = load({}, {})
    assert settings.control == (Address("127.0.0.1", 4566),)
    assert settings.gateway == (Address("127.0.0.1", 8080),)
    assert (settings.account_id, settings.region, settings.domain) == ("000000000000", "us-east-1", "localhost")
    assert settings.workers >= 1
    assert settings.trusted_proxy == ()
    assert settings.database is settings.tls_cert is None
    assert settings.insecure_control is False


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text('region = "eu-west-1"\nworkers = 3\ndrain_seconds = 1.5\n')
    environ = {"PORTICO_WORKERS": "4", "PORTICO_REGION": "eu-west-2"}
    settings = load({"region": "eu-west-3", "workers": None}, environ)
    assert (settings.region, settings.workers, settings.drain_seconds) == ("eu-west-3", 4, 1.5)


def test_a_file_is_read_from_where_one_says(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text('trusted-proxy = ["10.0.0.0/8", "fd00::/8"]\ninsecure-control = true\ncontrol = "0.0.0.0:1"\n')
    settings = load({}, {"PORTICO_CONFIG": str(elsewhere)})
    assert settings.trusted_proxy == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    assert settings.control == (Address("0.0.0.0", 1),)


def test_addresses_are_repeated_or_separated_by_commas() -> None:
    settings = load({"gateway": ["[::1]:8080", "127.0.0.1:8081, localhost:0"]}, {})
    assert [str(address) for address in settings.gateway] == ["[::1]:8080", "127.0.0.1:8081", "127.0.0.1:0"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"workers": "many"}, "--workers: 'many' is not a whole number from 1 to 256"),
        ({"workers": "0"}, "--workers: '0' is not a whole number from 1 to 256"),
        ({"gateway": ["8080"]}, "--gateway: '8080' is not an IP address with a port, such as 127.0.0.1:8080 or"),
        ({"gateway": ["127.0.0.1:70000"]}, "--gateway: '127.0.0.1:70000' is not an IP address with a port"),
        ({"account_id": "1"}, "--account-id: '1' is not 12 digits"),
        ({"region": "Mars"}, "--region: 'Mars' is not an AWS region"),
        ({"trusted_proxy": ["10.0.0.1/8"]}, "--trusted-proxy: '10.0.0.1/8' is not a network such as"),
        ({"drain_seconds": "nan"}, "--drain-seconds: 'nan' is not seconds from 0 to 3600"),
        ({"log_format": "xml"}, "--log-format: 'xml' is not json or text"),
        ({"tls_cert": "/nowhere.pem"}, "--tls-cert: '/nowhere.pem' is not a file that can be read"),
        (
            {"database": "mysql://u:secret@h/d"},
            "--database: 'mysql' databases are not known; expected sqlite:///PATH or",
        ),
        ({"database": "secret"}, "--database: that is not the address of a database; expected sqlite:///PATH or"),
        ({"database": "sqlite:///"}, "--database: that names no file; expected sqlite:///PATH"),
        ({"database": "postgresql://u:secret@h"}, "--database: the address has no database's name; expected"),
        ({"database": "postgresql://u:se/cret@h/d"}, "--database: in postgresql://USER:PASSWORD@HOST:PORT/NAME the"),
        ({"database": "postgresql://u:secret#@h/d"}, "--database: in postgresql://USER:PASSWORD@HOST:PORT/NAME the"),
        ({"database": "postgresql://u:x@h:secret/d"}, "--database: a host or port of the address cannot be read"),
        ({"database": "postgres://u:x@h:65536/d"}, "--database: a host or port of the address cannot be read"),
        ({"database": "postgresql://h/d?password=secret"}, "--database: a password belongs where"),
        ({"database": "postgresql://h/d?sslmod=require"}, "--database: the address's parameter 'sslmod' is not known"),
        ({"database": "postgresql://h/d?sslmode=on"}, "--database: sslmode 'on' is not one of disable, allow,"),
        ({"database": "postgresql://h/d?sslmode"}, "--database: the address's parameters cannot be read"),
        ({"valkey": "redis://h"}, "--valkey: not built yet"),
        ({"lambda_endpoint": "ftp://h"}, "--lambda-endpoint: 'ftp://h' is not an http or https URL such as"),
        ({"control": ["0.0.0.0:4566"]}, "--control: 0.0.0.0:4566 is reachable from other machines"),
        ({"control": ["127.0.0.1:1"], "gateway": ["127.0.0.1:1"]}, "--control, --gateway: 127.0.0.1:1 is given twice"),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_what_was_expected(flags: dict[str, object], told: str) -> None:
    message = refused(flags)
    assert message.startswith(told)
    assert "secret" not in message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40ss@db.example.com:5432/portico?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgres://u@one:5432,two:5433/portico?target_session_attrs=read-write",
        "postgresql:///portico?host=/run/postgresql",
        "postgresql://[::1]:5432/portico?options=-csearch_path%3Dgateway",
        "sqlite:////var/lib/portico/portico.db",
    ],
)
def test_addresses_of_databases(url: str) -> None:
    settings = load({"database": url}, {})
    assert settings.store_url == url
    assert loads(settings.dumps()).store_url == url
    assert url not in repr(settings)


def test_without_an_address_the_database_is_in_the_data_directory(tmp_path: Path) -> None:
    settings = load({"data_dir": str(tmp_path)}, {})
    assert sqlite_path(settings.store_url) == tmp_path / "portico.db"


def test_what_messages_call_a_database_has_no_secret() -> None:
    assert label("postgres://u:secret@h:1/d?sslmode=require") == "postgresql://u@h:1/d"
    assert label("postgresql:///d") == "postgresql:///d"
    assert label("sqlite:////var/portico.db") == "/var/portico.db"


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("")
    assert refused({"tls_cert": "cert.pem"}) == "--tls-cert and --tls-key are given together or not at all"


def test_a_bad_value_has_the_name_of_the_place_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text("workers = true")
    assert refused({}) == "portico.toml, workers: True is not a whole number from 1 to 256"
    assert refused({}, {"PORTICO_WORKERS": "x"}).startswith("PORTICO_WORKERS: 'x' is not")


def test_a_variable_that_nearly_is_an_option_is_refused() -> None:
    told = "PORTICO_WROKERS: unknown variable; did you mean PORTICO_WORKERS?"
    assert refused({}, {"PORTICO_WROKERS": "2"}) == told


def test_variables_that_others_make_are_left_alone() -> None:
    names = ("PORTICO_SERVICE_HOST", "PORTICO_PORT_4566_TCP", "PORTICO_GATEWAY_PORT", "PORTICO_CONTROL_SERVICE_HOST")
    own = ("PORTICO_ACCESS_KEY_ID", "PORTICO_SECRET_ACCESS_KEY", "PORTICO_RUN", "PORTICO_SEED", "WROKERS")
    assert load({}, dict.fromkeys((*names, *own), "tcp://10.0.0.1:80")) == load({}, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wrokers = 2", "unknown key 'wrokers'; did you mean 'workers'?"),
        ("nonsense = 2", "unknown key 'nonsense'"),
        ("workers = ", "cannot be read as TOML"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    assert told in refused({}, config="bad.toml")


def test_settings_travel_as_text() -> None:
    settings = load({"gateway": ["[::1]:0"], "trusted_proxy": ["10.0.0.0/8"], "drain_seconds": "2.5"}, {})
    assert loads(settings.dumps()) == settings


def test_every_option_says_what_it_is_for() -> None:
    assert all(option.help.endswith(".") for option in OPTIONS.values())
    assert Settings().domain == "localhost"
