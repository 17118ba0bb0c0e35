"""The pages: GET shows, POST does."""
