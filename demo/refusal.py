"""Errors that people read."""

import gradio as gr


def refuse(sentence: str) -> gr.Error:
    """Make an error with one sentence for the page and for programs, without a traceback in the log."""
    return gr.Error(sentence, print_exception=False)
