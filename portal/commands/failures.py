"""Failures as one line on stderr and an exit code that a script can act on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from portal import errors
from portal.commands.speech import language, said
from portal.config import BadSettings
from portal.language import N_, Message

FAILURE, BAD_INPUT = 1, 2
# sysexits.h's EX_TEMPFAIL: the same command may work later.
TRY_LATER = os.EX_TEMPFAIL


class Refused(Exception):
    """The portal answered no: its own sentences, already in the reader's language."""

    def __init__(self, status: int, message: str, by_field: Mapping[str, list[str]]) -> None:
        super().__init__(message)
        self.status, self.message, self.by_field = status, message, by_field


class Told(click.Group):
    """A group that loads its commands when they are asked for, and tells failures in one line."""

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of the table."""
        return [*self._modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of a module, or one that was added in the usual way."""
        if cmd_name not in self._modules:
            return super().get_command(ctx, cmd_name)
        found = import_module(self._modules[cmd_name]).command
        return found if isinstance(found, click.Command) else None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and turn what went wrong into words and an exit code."""
        try:
            fixed = {"prog_name": "kesuan", "standalone_mode": False}
            return super().main(*args, **{**kwargs, **fixed})
        except click.exceptions.Exit as stop:
            return stop.exit_code
        except (click.Abort, KeyboardInterrupt):
            return _tell([said(N_("Stopped."))], 130)
        except click.exceptions.NoArgsIsHelpError as asked:
            asked.show()
            return BAD_INPUT
        except click.UsageError as fault:
            return _tell([said(_of_click(fault))], fault.exit_code)
        except click.ClickException as fault:
            return _tell([fault.format_message()], fault.exit_code)
        except BadSettings as fault:
            return _tell([f"{fault.path}: {line}" for line in fault.faults], BAD_INPUT)
        except Refused as refused:
            return _tell(_lines(refused.message, refused.by_field), _code_of_status(refused.status))
        except errors.PortalError as error:
            return _tell(list(_sentences(error)), _code_of(error))
        except OSError as error:
            return _tell([": ".join(filter(None, (error.filename, error.strerror)))], FAILURE)


def _of_click(fault: click.UsageError) -> Message:
    """What click found wrong with a command line, in one sentence."""
    where = fault.ctx.command_path if fault.ctx is not None else "kesuan"
    told = N_("{text}", text=fault.format_message())
    if isinstance(fault, click.NoSuchOption):
        told = N_("There is no option {name}.", name=fault.option_name)
    elif isinstance(fault, click.MissingParameter) and fault.param is not None:
        told = N_("{name} is missing.", name=fault.param.get_error_hint(fault.ctx))
    return N_("{told} See: {command} --help", told=told, command=where)


def _sentences(error: errors.PortalError) -> Iterator[str]:
    if not isinstance(error, errors.Invalid):
        yield said(error.message)
        return
    for field, messages in error.errors.items():
        for message in messages:
            yield _beside(field, message)


def _beside(field: str, message: Message) -> str:
    return f"{field}: {message.in_language(language())}"


def _lines(message: str, by_field: Mapping[str, list[str]]) -> list[str]:
    """The faults of the fields where there are any, else the sentence."""
    return [f"{name}: {text}" for name, texts in by_field.items() for text in texts] or [message]


def _tell(lines: list[Any], code: int) -> int:
    for line in lines:
        click.echo(f"kesuan: {line}", err=True)
    return code


def _code_of(error: errors.PortalError) -> int:
    if error.transient:
        return TRY_LATER
    return BAD_INPUT if isinstance(error, errors.Invalid | errors.NotFound) else FAILURE


def _code_of_status(status: int) -> int:
    if status in (408, 429, 503):
        return TRY_LATER
    return BAD_INPUT if status in (400, 404, 413, 415, 422) else FAILURE
