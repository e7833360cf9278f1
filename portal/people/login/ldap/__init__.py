"""People of an LDAP directory, by ldap3: OpenLDAP, Active Directory and their like."""

from portal.people.login.ldap.way import LDAP, LdapWay

__all__ = ["LDAP", "LdapWay"]
