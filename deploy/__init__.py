"""How the project is run: image, compose file, dashboards, alerts, and the same stack natively."""
