"""What does a network look at when it names a cell?

    python launch.py --config=configs/explain.py --config.source=runs/mine \
        --config.screen=<screen> --workdir=runs/explained

Cells of every class are shown with the pixels that speak for it, by integrated
gradients and by Grad-CAM, and both ways are judged: the class should go when the pixels
go, come when they come, and the picture should change when the weights are random.

Result: a page of cells, and how good either way is. Of 200 cells of yeast_sim 4.0.0
(simulated) with `lean-sim`, the pixels of Grad-CAM alone bring the class back best:
insertion 0.631, that of the brightest pixels 0.550.
Time: two and a half minutes for these on two CPU cores that had other work too.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Attributions for the class that the network calls each cell."""
    config = ml_collections.ConfigDict()
    config.task = 'explain'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: cells, random weights, random orders
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Screen, as in deeploc.py; no value: the one trained on.
    config.screen = config_dict.placeholder(str)
    config.split = 'test'  # split of the screen; slices and sums: test[:10%]
    # Channels of the screen in the order of the network: GFP,far_red, or GFP,- where it
    # lacks one; no value: protein for protein, marker for marker.
    config.channels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # Ways to attribute, with commas: integrated_gradients, grad_cam.
    config.methods = 'integrated_gradients,grad_cam'
    config.cells = 200  # cells that are judged, at least 1, drawn at random
    config.shown = 3  # cells of each class on the page, those it is surest of
    config.batch_size = 64  # cells at a time
    # Folder of prepared screens; no value: that of the training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the training.
    config.manual_dir = config_dict.placeholder(str)
    return config
