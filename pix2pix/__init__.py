"""pix2pix (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks").

Legend of shapes used in every docstring: N pictures of a batch, C channels, H and W pixels.
A *picture* is float32 [N, 3, H, W] in [-1, 1] unless a docstring says otherwise; an *8-bit picture*
is uint8 [H, W, 3] in RGB. A *label map* is integer class indices [H, W].
"""
