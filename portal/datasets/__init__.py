"""Data sets: receive, check, unpack, keep, find.

Nothing is re-exported here on purpose: the worker that opens hostile files is a module of this
package, and it must start without the database and the rest of the portal.
"""
