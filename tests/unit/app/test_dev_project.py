"""What a project's folder says of its functions, and what it cannot say."""

import sys
from pathlib import Path

import pytest

from dev_scene import write
from portico.app.dev.problems import ProjectError
from portico.app.dev.project import Function, Project

POINTS = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/"
OWN_PYTHON = f"python3.{sys.version_info.minor}"


def function(folder: Path, files: dict[str, str], settings: str = "") -> Function:
    for name, text in files.items():
        write(folder / "functions" / "pets" / name, text)
    if settings:
        write(folder / "functions" / "pets" / "function.toml", settings)
    return Project(folder).function("pets")


@pytest.mark.parametrize(
    ("files", "settings", "runtime", "handler"),
    [
        (("app.py",), "", OWN_PYTHON, "app.handler"),
        (("app/__init__.py",), "", OWN_PYTHON, "app.handler"),
        (("bootstrap",), "", "provided.al2023", "bootstrap"),
        (("index.mjs",), 'runtime = "nodejs20.x"', "nodejs20.x", "index.handler"),
        (("index.cjs",), 'runtime = "nodejs22.x"', "nodejs22.x", "index.handler"),
        (("pets/list.py",), 'handler = "pets.list.handler"\nruntime = "python3.13"', "python3.13", "pets.list.handler"),
        (("src/main.js",), 'handler = "src/main.run"\nruntime = "nodejs22.x"', "nodejs22.x", "src/main.run"),
        (("app.py", "index.js"), "", OWN_PYTHON, "app.handler"),
    ],
)
def test_the_files_say_what_kind_of_function_it_is(
    tmp_path: Path, files: tuple[str, ...], settings: str, runtime: str, handler: str
) -> None:
    found = function(tmp_path, dict.fromkeys(files, ""), settings)
    assert (found.runtime, found.handler) == (runtime, handler)


def test_what_is_not_said_is_as_lambda_has_it(tmp_path: Path) -> None:
    assert function(tmp_path, {"app.py": ""}).configuration(POINTS) == {
        "Runtime": OWN_PYTHON,
        "Handler": "app.handler",
        "Timeout": 3,
        "MemorySize": 128,
        "Environment": {"Variables": {}},
        "FileSystemConfigs": [],
    }


def test_what_is_said_is_so(tmp_path: Path) -> None:
    settings = 'timeout = 9\nmemory = 256\nmount = "/mnt/pets"\n[environment]\nNAME = "Rex"\n'
    wanted = function(tmp_path, {"app.py": ""}, settings).configuration(POINTS)
    assert (wanted["Timeout"], wanted["MemorySize"]) == (9, 256)
    assert wanted["Environment"] == {"Variables": {"NAME": "Rex"}}
    (mount,) = wanted["FileSystemConfigs"]
    assert mount["LocalMountPath"] == "/mnt/pets"
    assert mount["Arn"].startswith(f"{POINTS}fsap-")
    assert len(mount["Arn"].rpartition("-")[2]) == 17


def test_functions_that_mount_the_same_path_share_a_folder(tmp_path: Path) -> None:
    one, other, third = (
        Function("x", tmp_path, tmp_path, "", "", {"mount": mount}) for mount in ("/mnt/a", "/mnt/a", "/mnt/b")
    )
    assert one.access_point == other.access_point != third.access_point


@pytest.mark.parametrize(
    ("settings", "line", "text"),
    [
        ("timeout = 9\ntimeuot = 3", 2, "the key 'timeuot' is not one of code, runtime, handler"),
        ('timeout = "9"', 1, "timeout has to be a whole number"),
        ("timeout = true", 1, "timeout has to be a whole number"),
        ("[environment]\nPORT = 9", 1, "environment has to be a table of texts"),
        ("timeout = 9\nmemory", 2, "Expected"),
        ("runtime = 'cobol'", None, "the runtime 'cobol' is not one of nodejs"),
        ("code = '../../..'", None, "code: '../../..' is no folder of the project"),
        ("code = 'absent'", None, "code: 'absent' is no folder of the project"),
        ("handler = 'other.handler'", None, "there is none of other.py, other/__init__.py, other.mjs"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path: Path, settings: str, line: int | None, text: str) -> None:
    with pytest.raises(ProjectError) as raised:
        function(tmp_path, {"app.py": ""}, settings)
    (problem,) = raised.value.problems
    assert problem.line == line
    assert problem.text.startswith(text)


def test_a_folder_that_is_a_link_is_one_inside_the_project_alone(tmp_path: Path) -> None:
    write(tmp_path / "project" / "lib" / "app.py", "")
    write(tmp_path / "elsewhere" / "app.py", "")
    functions = tmp_path / "project" / "functions"
    functions.mkdir()
    (functions / "inside").symlink_to("../lib")
    (functions / "outside").symlink_to("../../elsewhere")
    project = Project(tmp_path / "project")
    assert project.function("inside").code == tmp_path / "project" / "lib"
    with pytest.raises(ProjectError, match=r"outside: it leads out of the project, to \S+/elsewhere, where nothing is"):
        project.function("outside")


def test_a_folder_that_went_away_meanwhile_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such folder any more"):
        Project(tmp_path).function("pets")


def test_folders_of_tools_are_no_functions(tmp_path: Path) -> None:
    for name in ("pets", "_shared", ".cache"):
        write(tmp_path / "functions" / name / "app.py", "")
    write(tmp_path / "functions" / "README", "")
    assert Project(tmp_path).names() == ["pets"]
    assert Project(tmp_path / "nowhere").names() == []
