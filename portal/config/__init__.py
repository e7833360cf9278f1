"""Settings: one TOML file becomes one frozen object, or every fault of the file at once.

`docs/settings.md` is held against the classes by a test. Secrets are never in the file: a `…_file`
setting names the file that holds one.
"""

from portal.config.faults import BadSettings, Fault
from portal.config.login import Ldap, LdapGroup, Login
from portal.config.printed import effective
from portal.config.reading import DEFAULT_FILE, ENVIRONMENT_VARIABLE, load
from portal.config.settings import (
    Accelerator,
    Agent,
    Data,
    Database,
    Environment,
    Portal,
    Settings,
    Slurm,
    Templates,
    Web,
    documented,
)
from portal.config.tokens import Tokens

__all__ = [
    "DEFAULT_FILE",
    "ENVIRONMENT_VARIABLE",
    "Accelerator",
    "Agent",
    "BadSettings",
    "Data",
    "Database",
    "Environment",
    "Fault",
    "Ldap",
    "LdapGroup",
    "Login",
    "Portal",
    "Settings",
    "Slurm",
    "Templates",
    "Tokens",
    "Web",
    "documented",
    "effective",
    "load",
]
