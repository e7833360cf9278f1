"""A class trains together: launch, does it fit, the seat map, the bell."""
