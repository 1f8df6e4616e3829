"""The path: deliveries become events, events are judged, what was judged is committed, and only then acknowledged."""
