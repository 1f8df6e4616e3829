"""HTTP: commands, queries, the live feed, who may do what, and the static pages."""
