"""The playground's forms, and the requests that they make."""
