"""Report on run folders: one static page that needs no other file, and the images and numbers behind it."""
