"""What is handed out: the wheel, the image, the compose file, the examples."""
