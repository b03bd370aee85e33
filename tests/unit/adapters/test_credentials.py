"""The root credentials: made once, kept private, given by the operator where he wants."""

import re
from pathlib import Path

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.adapters.credentials import RootCredentials, new_credentials, root_credentials
from portico.adapters.data_dir import DataDirError
from unprivileged import as_nobody, folder_for_everybody

SECRET = "hunter2hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credentials"


class TestFirstStart:
    def test_a_pair_of_awss_form_is_made_and_kept(self, path: Path) -> None:
        made = root_credentials(path)
        assert re.fullmatch("AKIA[A-Z2-7]{16}", made.access_key_id)
        assert re.fullmatch("[A-Za-z0-9+/]{40}", made.secret_access_key)
        assert root_credentials(path) == made
        assert path.stat().st_mode & 0o777 == 0o600

    def test_no_two_are_alike(self) -> None:
        assert len({new_credentials() for _ in range(50)}) == 50

    def test_the_sdk_reads_the_file(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        made = root_credentials(path)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        found = botocore.session.Session().get_credentials()
        assert (found.access_key, found.secret_key) == made

    def test_a_folder_that_cannot_be_written_to(self) -> None:
        with folder_for_everybody() as folder:
            folder.chmod(0o555)
            told = as_nobody(lambda: root_credentials(folder / "credentials"))
        assert told == f"the credentials file {folder}/credentials cannot be written: Permission denied"


class TestGiven:
    def test_the_operators_pair_wins_and_touches_no_file(self, path: Path) -> None:
        assert root_credentials(path, "AKIAOPERATOR", SECRET) == ("AKIAOPERATOR", SECRET)
        assert not path.exists()
        made = root_credentials(path)
        assert root_credentials(path, "AKIAOPERATOR", SECRET) == ("AKIAOPERATOR", SECRET)
        assert root_credentials(path, "", "") == made

    @pytest.mark.parametrize(("access_key_id", "secret"), [("AKIAOPERATOR", None), (None, SECRET), ("", SECRET)])
    def test_half_a_pair_is_refused(self, path: Path, access_key_id: str | None, secret: str | None) -> None:
        with pytest.raises(DataDirError, match="go together"):
            root_credentials(path, access_key_id, secret)

    @pytest.mark.parametrize(
        ("access_key_id", "secret", "what"),
        [("AKIA/us", SECRET, "access key id"), ("AK IA", SECRET, "access key id"), ("AKIA", "a b\n", "secret access")],
    )
    def test_one_that_no_signature_could_name_is_refused(
        self, path: Path, access_key_id: str, secret: str, what: str
    ) -> None:
        with pytest.raises(DataDirError, match=f"{what}.* is malformed") as refused:
            root_credentials(path, access_key_id, secret)
        assert secret not in str(refused.value)


class TestBadFiles:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", r"there is no \[default\] in it"),
            (f"[other]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n", r"there is no \[default\]"),
            ("[default]\naws_access_key_id = AKIA\n", "there is no aws_secret_access_key in it"),
            (f"[default]\naws_secret_access_key = {SECRET}\n", "there is no aws_access_key_id in it"),
            (f"aws_secret_access_key = {SECRET}\n", "line 1: MissingSectionHeaderError"),
            (f"[default]\nAKIA {SECRET}\n", "line 2: ParsingError"),
            (f"[default]\naws_access_key_id = A\naws_access_key_id = {SECRET}\n", "line 3: DuplicateOptionError"),
            (f"[default]\naws_access_key_id =\naws_secret_access_key = {SECRET}\n", "the access key id is malformed"),
        ],
    )
    def test_a_malformed_file_says_what_is_wrong_and_no_secret(self, path: Path, text: str, reason: str) -> None:
        path.write_text(text)
        with pytest.raises(DataDirError, match=reason) as refused:
            root_credentials(path)
        assert str(path) in str(refused.value)
        assert SECRET not in str(refused.value)
        assert path.read_text() == text

    def test_one_that_is_not_text(self, path: Path) -> None:
        path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(DataDirError, match="it is not text"):
            root_credentials(path)

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(DataDirError, match="cannot be read: Is a directory"):
            root_credentials(path)

    @given(text=st.text(max_size=60) | st.text("[]default=\n aws_cek;#", max_size=60))
    def test_whatever_is_in_it_the_error_is_ours(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        path = tmp_path_factory.getbasetemp() / "arbitrary-credentials"
        path.write_text(text, "utf-8", "surrogatepass")
        with pytest.raises(DataDirError):
            root_credentials(path)


def test_printing_them_does_not_tell_the_secret() -> None:
    assert SECRET not in f"{RootCredentials('AKIA', SECRET)} {RootCredentials('AKIA', SECRET)!r}"
