"""pix2pix (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks").

Shapes in docstrings: N images of a batch, C channels, H and W pixels. An *image* of a batch is float32 [N, 3, H, W] in
[-1, 1] unless a docstring says otherwise; a *uint8 image* is uint8 [H, W, 3] in RGB. A *label map* is integer class
indices [H, W].
"""
