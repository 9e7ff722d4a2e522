"""How PostgreSQL is to plan queries of lists."""

CUSTOM_PLAN = "SET LOCAL plan_cache_mode = force_custom_plan"
"""For queries for which all depends on the planner knowing how few rows are asked for."""
