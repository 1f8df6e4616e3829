"""Who is on: published shifts, attendance, and who holds a seat at an instant."""
