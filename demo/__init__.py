"""The web app: paint a label map and see what two released generators make of it."""
