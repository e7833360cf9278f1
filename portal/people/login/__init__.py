"""Ways to log in, and the one door that every login goes through.

A way is one module with one method: login and password become an identity, or a refusal. `local`
knows the accounts of the portal's own database, `ldap` those of the centre's directory, `cards` the
seats of classes.
"""

from portal.people.login.door import Door, Seated, open_door, roles_with_passwords
from portal.people.login.refusals import LoginPaused, LoginRefused, NoPlaceHere
from portal.people.login.visitor import Friend, Visitor

__all__ = [
    "Door",
    "Friend",
    "LoginPaused",
    "LoginRefused",
    "NoPlaceHere",
    "Seated",
    "Visitor",
    "open_door",
    "roles_with_passwords",
]
