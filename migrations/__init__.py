"""The schema's history: numbered revisions, one line, no branches. `store.migrate` runs them; no alembic.ini is needed.

A change goes in three steps, each its own revision: expand, backfill, contract.
"""
