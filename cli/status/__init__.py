"""`smith status`: one screen about a running server, for the operator."""
