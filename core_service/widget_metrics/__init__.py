"""Values that phones show in widgets."""
