"""AssumeRole on the wire: the form, the answer, and what of an answer is told."""

from urllib.parse import parse_qs

import pytest

from portico.wire.sigv4 import Credentials
from portico.wire.sts import NotUnderstood, Session, assume_role, read_error, read_session

ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
  <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/pets/x</Arn></AssumedRoleUser>
  <Credentials>
    <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
    <SecretAccessKey>wJalr/XUtn+FEMI</SecretAccessKey>
    <SessionToken>AQoD//token==</SessionToken>
    <Expiration>2023-11-14T23:13:20Z</Expiration>
  </Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""


def test_the_form_names_the_role_and_the_session() -> None:
    assert parse_qs(assume_role("arn:aws:iam::111122223333:role/a+b").decode()) == {
        "Action": ["AssumeRole"],
        "Version": ["2011-06-15"],
        "RoleArn": ["arn:aws:iam::111122223333:role/a+b"],
        "RoleSessionName": ["BackplaneAssumeRoleSession"],
    }


def test_an_answer_is_credentials_and_their_end() -> None:
    told = Session(Credentials("ASIAEXAMPLE", "wJalr/XUtn+FEMI", "AQoD//token=="), 1_700_003_600.0)
    assert read_session(ANSWER.encode()) == told


@pytest.mark.parametrize("end", ["2023-11-14T23:13:20.000Z", "2023-11-14T23:13:20+00:00", "2023-11-15T00:13:20+01:00"])
def test_other_spellings_of_a_time(end: str) -> None:
    assert read_session(ANSWER.replace("2023-11-14T23:13:20Z", end).encode()).expires == 1_700_003_600.0


@pytest.mark.parametrize("member", ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"])
def test_an_answer_without_a_member_is_none(member: str) -> None:
    with pytest.raises(NotUnderstood, match="no credentials"):
        read_session(ANSWER.replace(member, "Other").encode())


@pytest.mark.parametrize("end", ["soon", "2023-11-14T23:13:20"])
def test_an_end_that_is_no_time(end: str) -> None:
    with pytest.raises(NotUnderstood, match="is no time"):
        read_session(ANSWER.replace("2023-11-14T23:13:20Z", end).encode())


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"<html>", ANSWER.replace("ASIA", "ASI\r\nA: ").encode()])
def test_what_is_no_answer_tells_nothing_of_itself(body: bytes) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read_session(body)
    assert "wJalr" not in str(caught.value)


def test_a_refusal_says_what_it_says() -> None:
    body = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\n<Message> no, not you </Message></Error>"
    )
    assert read_error(403, body) == "403 AccessDenied: no, not you"
    assert read_error(502, b"<html>") == "status 502"
