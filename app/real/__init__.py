"""What a real run of a scenario is made of: processes, wires, far ends, and an eye on the rows."""
