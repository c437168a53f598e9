"""The server around the page: limits per visitor, health, request log, a graceful stop, and patches for Gradio."""
