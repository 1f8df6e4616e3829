"""Notices to people: from the rows that a rung wrote to mail, webhooks and chat, with every answer kept."""
