"""The page of all commands, written from the command line itself."""

import re
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cathograph.cli import app

_HEAD = """\
# Commands

Each command answers `--help` with the same text. `cathograph --home DIR COMMAND` uses the local database of another
folder; `cathograph --verbose COMMAND` prints more.
"""


def commands_page() -> str:
    """Write the page as Markdown: one section for each command, with a table of its options."""
    sections = [_section(path, command) for path, command in all_commands()]
    return "\n".join([_HEAD, *sections])


def all_commands() -> Iterator[tuple[str, TyperCommand]]:
    """Yield each command that can be run, with the words that call it."""
    root = typer.main.get_command(app)
    yield from _commands_of(root, "cathograph")


def _commands_of(command: object, path: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _commands_of(child, f"{path} {name}")
    elif isinstance(command, TyperCommand):
        yield path, command


def _section(path: str, command: TyperCommand) -> str:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    options = [each for each in command.params if isinstance(each, TyperOption) and not each.hidden]
    words = [path, *(_name(each) for each in arguments), *(["[OPTIONS]"] if options else [])]
    parts = [f"## {path}", f"```text\n{' '.join(words)}\n```", _markdown(command.help)]
    rows = [_row(f"`{_name(each)}`", each) for each in arguments]
    rows += [
        _row(", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts)), each) for each in options
    ]
    if rows:
        parts.append("\n".join(["| argument or option | meaning | default |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _name(argument: TyperArgument) -> str:
    return (argument.metavar or argument.name or "").upper()


def _row(name: str, parameter: TyperArgument | TyperOption) -> str:
    meaning = _plain(parameter.help or "").replace("|", "\\|")
    return f"| {name} | {meaning} | {'required' if parameter.required else _default(parameter)} |"


def _default(parameter: TyperArgument | TyperOption) -> str:
    default = parameter.default
    if default is None or callable(default) or isinstance(default, bool) or str(default) in ("", "()", "[]"):
        return ""
    return f"`{default}`"


def _markdown(text: str | None) -> str:
    """Give a help text as Markdown; a dimmed paragraph is an example of use."""
    paragraphs = re.split(r"\n\s*\n", text or "")
    return "\n\n".join(
        f"```text\n{_plain(each)}\n```" if each.startswith("[dim]") else _plain(each)
        for each in paragraphs
        if each.strip()
    )


def _plain(text: str) -> str:
    """Take out the markup of the terminal and the line breaks."""
    return " ".join(
        re.sub(r"\[/?(?:bold|italic|dim)?\]", "", text.replace("\b", "").replace("\\[", "[")).split()
    )
