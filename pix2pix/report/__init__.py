"""Run folders → one static page that holds everything it shows, and the pictures and numbers behind it."""
