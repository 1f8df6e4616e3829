"""Words, not work: ids, time, event kinds, the wire, refusals and reasons. Imports nothing but msgspec."""
