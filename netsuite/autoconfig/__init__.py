"""What mail programs find by HTTP to set themselves up; and mail hosts, the MTA-STS policy."""
