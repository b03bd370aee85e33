"""The command line. It checks what it was told, says in one line what is wrong, and hands over.

Exit status: 2 for a command that cannot be understood, 1 where the environment does not let it run.
"""

import inspect
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from portico import __version__
from portico.kernel.errors import PorticoError
from portico.settings import NOT_BUILT, OPTIONS, Option, SettingError
from portico.settings.sources import Sources, flag_name, load

app = typer.Typer(
    name="portico",
    help="A self-hosted API gateway that speaks Amazon API Gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def portico(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True, metavar="")
    ] = False,
) -> None:
    """A self-hosted API gateway that speaks Amazon API Gateway."""


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def migrate(
    source: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The database to read, as in --database.")],
    target: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="The database to fill; it has to be empty.")],
) -> None:
    """Carry everything from one database into another, SQLite or PostgreSQL, in one transaction.

    An address is sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME. A password may be left to the environment
    (PGPASSWORD, PGPASSFILE). Stop the server first: what it writes afterwards is not carried.
    """
    from portico.app.migrate import migrate as carry

    with _explained():
        carried = carry(source, target, _Progress())
        print("carried " + ", ".join(f"{count} {what}" for what, count in carried.items()))


class _Progress:
    """A line on standard error each second that it lasts."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._told >= 1:
            self._told = time.monotonic()
            print(f"{what}: {done} of {total}", file=sys.stderr)


@app.command()
def logs(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Functions; all without.")] = None,
    api: Annotated[
        list[str] | None,
        typer.Option("--api", metavar="API/STAGE", help="Execution logs of this stage, or of `all`, instead."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each log's last lines.")] = 100,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Lines since then instead: 10m, 2h, a time.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(metavar="VALUE", help="The server's data directory.")] = None,
    config: Annotated[str | None, typer.Option(help="A file instead of ./portico.toml.")] = None,
) -> None:
    """Print what functions wrote, and Lambda's lines about their invocations; or what became of a stage's requests."""
    from portico.app.logs import EXECUTIONS, FUNCTIONS, Screen, SinceError, Wanted, show

    if api and names:
        raise typer.BadParameter("functions and --api have logs of their own: ask for one of the two")
    screen = Screen(sys.stdout.buffer.write, sys.stdout.isatty(), sys.stdout.flush)
    with _explained(SinceError), _piped():
        settings = load({"data_dir": data_dir}, os.environ, config)
        shelf, asked = (EXECUTIONS, [one for one in api if one != "all"]) if api else (FUNCTIONS, names or [])
        wanted = Wanted(shelf, tuple(asked), lines, since, follow)
        show(settings.data_dir, wanted, screen, lambda words: print(f"portico: {words}", file=sys.stderr))


@app.command()
def routes(
    api: Annotated[str, typer.Argument(metavar="API", help="Its id or its name.", show_default=False)],
    stage: Annotated[str | None, typer.Option(metavar="NAME", help="What is deployed there instead.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    data_dir: Annotated[str | None, typer.Option(metavar="VALUE", help="The server's data directory.")] = None,
    control: Annotated[list[str] | None, typer.Option(metavar="VALUE", help="Where the server is asked.")] = None,
    config: Annotated[str | None, typer.Option(help="A file instead of ./portico.toml.")] = None,
) -> None:
    """Show what each method of an API will do: its checks, its integration, its templates, and what would not work.

    Without --stage the running server is asked what is defined now; with it the state in the data directory is read.
    """
    from portico.app.routes import show

    with _explained(), _piped():
        settings = load({"data_dir": data_dir, "control": control}, os.environ, config)
        show(settings, api, stage, json=json, write=sys.stdout.write)


@app.command()
def explain(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, say.", show_default=False)],
    url: Annotated[str, typer.Argument(metavar="URL", help="As a client would ask.", show_default=False)],
    data_dir: Annotated[str | None, typer.Option(metavar="VALUE", help="The server's data directory.")] = None,
    domain: Annotated[str | None, typer.Option(metavar="VALUE", help="The server's --domain.")] = None,
    config: Annotated[str | None, typer.Option(help="A file instead of ./portico.toml.")] = None,
) -> None:
    """Tell which API, stage and method a request would reach, and why not. Nothing is called."""
    from portico.app.routes import tell

    with _explained(), _piped():
        tell(load({"data_dir": data_dir, "domain": domain}, os.environ, config), method, url, sys.stdout.write)


@app.command()
def render(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its file; - reads it.", show_default=False)],
    event: Annotated[str | None, typer.Option(metavar="FILE", help="A function's event: the request as JSON.")] = None,
    body: Annotated[str | None, typer.Option(metavar="FILE", help="The payload instead of the event's.")] = None,
    header: Annotated[list[str] | None, typer.Option(metavar="NAME:VALUE", help="A header of the request.")] = None,
    stage_variable: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="$stageVariables.NAME")] = None,
    context: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="$context.NAME, a.b too.")] = None,
    step: Annotated[bool, typer.Option("--step", help="Tell each reference and directive with its value.")] = False,
) -> None:
    """Render a mapping template as API Gateway would; what it overrides, and with --step its steps, on standard error.

    Exit status 1 where it cannot be parsed or fails, with line and column.
    """
    from portico.app.render import read_event, read_text, remarks, request_of
    from portico.app.render import render as rendered

    def tell(words: str) -> None:
        print(words, file=sys.stderr)

    with _explained(), _piped():
        request = request_of(
            {} if event is None else read_event(event, sys.stdin.read),
            body=None if body is None else read_text(body, sys.stdin.read),
            headers=header or (),
            variables=stage_variable or (),
            context=context or (),
        )
        text = rendered(read_text(template, sys.stdin.read), template, request, tell if step else None)
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
        if sys.stdout.isatty() and not text.endswith(b"\n"):
            print()  # what follows begins a line of its own
        for line in remarks(request, text):
            tell(line)


def serve(config: str | None, **flags: Any) -> None:
    """Run the server: the AWS API on --control, the deployed APIs on --gateway.

    Every option is also PORTICO_<NAME> in the environment and a key in portico.toml, in this order of precedence.
    """
    from portico.app.start import start  # the other commands need not load what a server needs

    with _explained():
        sources = Sources.of(flags, os.environ, config)
        start(sources.load(os.environ), sources)


def dev(folder: Path, config: str | None, **flags: Any) -> None:
    """Run the OpenAPI document and the functions in FOLDER on a server of their own, and deploy what is saved at once.

    Options are those of serve; the data directory is FOLDER/.portico.
    """
    from portico.app.dev.session import develop

    usual = {"data_dir": str(folder / ".portico"), "workers": "1", "drain_seconds": "1"}
    told = {name: flags.get(name) or usual.get(name) for name in OPTIONS}
    with _explained():
        develop(folder, load(told, os.environ, config))


@contextmanager
def _explained(*misunderstood: type[PorticoError]) -> Iterator[None]:
    """Say in one line what is wrong: 2 for a setting or one of `misunderstood`, 1 for all else that is ours to tell."""
    try:
        yield
    except PorticoError as error:
        print(f"portico: {error}", file=sys.stderr)
        raise typer.Exit(2 if isinstance(error, (SettingError, *misunderstood)) else 1) from None


@contextmanager
def _piped() -> Iterator[None]:
    """For what prints: whoever reads may have read enough."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _parameter(name: str, option: Option) -> inspect.Parameter:
    """An option as typer reads it: text that the settings check, so that the same words refuse it wherever it stood."""
    told = option.flag or option.default is None or "by default" in option.help
    words = option.help if told else f"{option.help} Default: {option.default}"
    kind: Any = list[str] if option.many else bool if option.flag else str
    metavar = "" if option.flag else "VALUE"
    info = typer.Option(
        flag_name(name), help=words, show_default=False, metavar=metavar, hidden=option.help == NOT_BUILT
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
    )


def _with_options(command: Any, *before: inspect.Parameter, without: tuple[str, ...] = ()) -> Any:
    """Give `serve` the signature that typer reads: each option is declared once, in the settings."""
    config = inspect.Parameter(
        "config",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, typer.Option("--config", help="A file instead of ./portico.toml.")],
    )
    options = {name: option for name, option in OPTIONS.items() if name not in without}
    parameters = [*before, config, *(_parameter(name, option) for name, option in options.items())]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


_ORDER: tuple[Any, ...] = (serve, dev, routes, explain, render, logs, migrate, version)
"""As `portico --help` lists the commands: what one starts with comes first."""
_FOLDER = inspect.Parameter(
    "folder",
    inspect.Parameter.KEYWORD_ONLY,
    annotation=Annotated[Path, typer.Argument(help="With openapi.yaml and functions/NAME/.", show_default=False)],
)

app.command()(_with_options(serve))
app.command()(_with_options(dev, _FOLDER, without=("log_format",)))
app.registered_commands.sort(key=lambda command: _ORDER.index(command.callback))


def main() -> None:
    """The console script."""
    try:
        sys.exit(app(standalone_mode=False, prog_name="portico"))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except Exception as error:
        words = getattr(error, "format_message", None)  # what typer raises of a command line it cannot read
        if words is None:
            raise
        if words():  # empty where the help has been printed instead
            print(f"portico: {words().rstrip('.')}; {_where_help_is(error)} tells what there is", file=sys.stderr)
        sys.exit(2)


def _where_help_is(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'portico'} --help"
