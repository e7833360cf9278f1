"""Who, what and in which state: the only room that knows SQL engines and migrations."""

from portal.store.database import EVERYONE, Store, Tenant, tenant_of

__all__ = ["EVERYONE", "Store", "Tenant", "tenant_of"]
