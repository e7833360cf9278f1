"""Who, what and in which state: the only room that knows SQL engines and migrations."""

from portal.store.database import EVERYONE, Store, Tenant, tenant_of
from portal.store.silence import NoDatabase, answering, silent

__all__ = ["EVERYONE", "NoDatabase", "Store", "Tenant", "answering", "silent", "tenant_of"]
