"""What a report over several studies or machines says of them."""
