"""Who calls: principals, roles, accounts and people. Values and tables only."""
