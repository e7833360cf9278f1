"""What children leave behind: until when it stays, and that it really goes.

docs/children-data.md says what is kept, where, and who sees it.
"""
