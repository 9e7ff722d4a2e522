"""The playground's forms: what a person fills in, and the request that follows from it."""
