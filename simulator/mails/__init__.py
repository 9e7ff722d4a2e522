"""A place that mails can be sent to: nobody gets them, and everybody who steers the simulator can read them."""
