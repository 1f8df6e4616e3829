"""The routes, by what they are about. Each says in its signature which action it is."""
