"""What every process shares and that knows no business: settings, logs, errors, servers, clients, database."""
