"""What people decide is kept in a journal, compared and exported."""
