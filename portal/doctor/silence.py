"""Slurm gave no answer: which of a site's usual faults it is, and what to do about it.

What Slurm's commands, libslurm and slurmrestd print is recognised by words that they have printed
for many releases; an answer that nobody knows gets the general advice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.config import Settings
from portal.doctor.finding import Finding, fault
from portal.language import N_, Message
from portal.scheduler import SchedulerError
from portal.scheduler.rest import NoCommonVersion, NoToken, TokenRefused

MOST_WORDS = 300


@dataclass(frozen=True)
class Cause:
    """One usual fault: the check that it fails, the words that it is known by, and the advice."""

    code: str
    words: re.Pattern[str]
    advice: Message


def _cause(code: str, words: str, advice: Message) -> Cause:
    return Cause(code, re.compile(words, re.IGNORECASE), advice)


OF_SLURM = (
    _cause(
        "slurm-commands",
        r": not found in ",
        N_("Install Slurm's commands here (Debian: slurm-client), or set slurm.bin."),
    ),
    _cause(
        "slurm-conf",
        r"configuration source|unable to process configuration|cannot stat file|s_p_parse_file",
        N_("Set slurm.conf to the cluster's file; it must be readable by all."),
    ),
    _cause(
        "munge",
        r"munge|auth_g_|authentication|credential",
        N_("Have munge here with the cluster's key, and clocks that agree: munge -n | unmunge"),
    ),
    _cause(
        "slurm-version",
        r"incompatible|protocol version",
        N_("Slurm here must not be newer than slurmctld: install the same release."),
    ),
    _cause(
        "slurmdbd",
        r"slurmdbd|slurm_persist_conn|accounting_storage|database",
        N_("Start slurmdbd and its database; then try: sacctmgr show cluster"),
    ),
    _cause(
        "slurmctld",
        r"contact slurm controller|connection refused|connection failure|no end within|in time"
        r"|timed out|is DOWN",
        N_("Start slurmctld, or look why it stands still; then try: scontrol ping"),
    ),
)

OF_REST = (
    _cause(
        "tls",
        r"certificate|ssl|^/\S+: \[Errno \d+\]",
        N_(
            "Set slurm.rest_url to a name in slurmrestd's certificate, and slurm.rest_ca_file to "
            "who signed it."
        ),
    ),
    _cause(
        "slurmrestd",
        r"timeout",
        N_("It is there and does not answer: is slurmrestd stopped, or slurmctld?"),
    ),
    _cause(
        "slurmrestd",
        r"slurmrestd at ",
        N_("Start slurmrestd, or set slurm.rest_url to where it listens."),
    ),
    _cause(
        "slurmrestd",
        r"answered 40[45]|no list of|does not tell",
        N_("Is it slurmrestd that answers at slurm.rest_url?"),
    ),
    _cause(
        "slurmdbd",
        r"slurmdbd|database",
        N_("Start slurmdbd and its database; then try: sacctmgr show cluster"),
    ),
    _cause(
        "slurmctld",
        r"answered 5|no controller is up",
        N_("Start slurmctld, or look why it stands still; then try: scontrol ping"),
    ),
)

GENERAL = N_("Is slurmctld up, and do slurm.bin and slurm.conf in the settings lead to it?")


def explained(settings: Settings, error: SchedulerError) -> Finding:
    """One fault in one line, with what to do."""
    words = " ".join((error.words or str(error)).split())[:MOST_WORDS]
    code, advice = _known(settings, error, words)
    return fault(code, N_("Slurm does not answer: {words}", words=words), advice)


def _known(settings: Settings, error: SchedulerError, words: str) -> tuple[str, Message]:
    slurm = settings.slurm
    if isinstance(error, NoToken):
        if slurm.rest_token_key_file is not None:
            return "token", N_(
                "Put the cluster's key there, for {user} alone to read.", user=slurm.user
            )
        return "token", N_(
            "As {user}, run slurm.rest_token_command by hand until it prints a token: {command}",
            user=slurm.user,
            command=" ".join(slurm.rest_token_command),
        )
    if isinstance(error, TokenRefused):
        return "token", N_(
            "Sign with the cluster's key, for {user}, by a clock that agrees; slurmrestd must run "
            "neither as root nor as SlurmUser.",
            user=slurm.user,
        )
    if isinstance(error, NoCommonVersion):
        return "api", N_("Use the commands, or a Slurm and a portal of nearer years.")
    for cause in OF_REST if slurm.backend == "rest" else OF_SLURM:
        if cause.words.search(words):
            return cause.code, cause.advice
    return "slurm", GENERAL
