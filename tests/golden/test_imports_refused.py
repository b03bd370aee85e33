"""Documents that are refused, or imported with warnings: the words beside each."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from wire_client import client_for

HERE = Path(__file__).parent / "imports"


def documents(folder: str) -> list[Path]:
    return sorted(path for path in (HERE / folder).iterdir() if path.suffix != ".txt")


def hold(document: Path, told: str) -> None:
    assert f"{told}\n" == document.with_suffix(".txt").read_text()


@pytest.mark.parametrize("document", documents("refused"), ids=lambda path: path.stem)
def test_a_refusal_says_what_and_where(document: Path) -> None:
    client = client_for()
    with pytest.raises(ClientError) as refused:
        client.import_rest_api(body=document.read_bytes())
    assert refused.value.response["Error"]["Code"] == "BadRequestException"
    hold(document, refused.value.response["Error"]["Message"])
    assert client.get_rest_apis()["items"] == []


@pytest.mark.parametrize("document", documents("warned"), ids=lambda path: path.stem)
def test_warnings_are_told_or_fail_the_import(document: Path) -> None:
    client = client_for()
    told = "\n\t".join(client.import_rest_api(body=document.read_bytes())["warnings"])
    hold(document, told)
    with pytest.raises(ClientError) as refused:
        client.import_rest_api(body=document.read_bytes(), failOnWarnings=True)
    assert refused.value.response["Error"]["Message"] == f"Warnings found during import:\n\t{told}"
