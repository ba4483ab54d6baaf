"""Documents by which mail programs set themselves up, by HTTP; and the policy of MTA-STS."""
