"""Makes true outside what core has decided: pushes go to APNs from here. Keeps nothing that matters."""
