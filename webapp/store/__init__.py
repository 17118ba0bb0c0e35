"""What is kept, sealed or hashed: the database, waiting letters, limits and the block list."""
