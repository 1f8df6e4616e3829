"""The only room that knows SQL as a craft: engine, transactions, metadata, outbox, telemetry. It knows no business."""
