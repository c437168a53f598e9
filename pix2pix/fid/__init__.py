"""FID (Heusel et al. 2017) and KID (Bińkowski et al. 2018): how far generated images are from photos.

Both compare Inception's features of two sets of images. FID is |μa - μb|² + tr(Ca + Cb - 2 (Ca Cb)^½), with their means
and covariances; KID is their squared maximum mean discrepancy, without bias. This file imports nothing, so that the web
app can use `measure` without Inception.
"""
