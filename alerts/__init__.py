"""The life of an alert: raised, taken into custody, climbed, settled, closed with a disposition."""
