"""What has a network learned, and what does it look at when it names a cell?

    python launch.py --config=configs/explain.py --config.source=runs/mine \
        --config.screen=<screen> --workdir=runs/explained

The parts make one page. `attributions`: the pixels of a cell that speak for its class,
by integrated gradients and by Grad-CAM, and how far to trust them. `units`: the patches
that units of each layer answer most, and how much each unit tells of the class. `maps`:
cells that look alike to a layer lie together, on maps that can be explored. `maximal`:
images that a class or a unit answers most, which a second network is asked to name. A
part that is finished is not made again, unless it is asked for in another way.

Result: explain.html, and every number as a table. Of 200 cells of yeast_sim 6.0.0
(simulated) with `lean-sim`, the pixels of Grad-CAM alone bring the class back best:
insertion 0.587, that of the brightest pixels 0.492.
Time: two and a half minutes for the attributions of these on two CPU cores that had
other work too, two more for the units of 2,103 cells.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Attributions for the class that the network calls each cell, units and so on."""
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
    # Parts, with commas: attributions, units, maps, maximal.
    config.parts = 'attributions,units,maps,maximal'
    # Ways to attribute, with commas: integrated_gradients, grad_cam.
    config.methods = 'integrated_gradients,grad_cam'
    config.cells = 200  # cells that are judged, at least 1, drawn at random
    config.shown = 3  # cells of each class on the page, those it is surest of
    # Cells for units, maps and so on, drawn at random; DeepLoc's authors took 2,103.
    config.sampled = 2_103
    # Hand-made measurements of these cells, beside the layers; they need the extra
    # `baseline`: true or false.
    config.measurements = True
    config.units = dict(
        # Layers, with commas, such as conv_2,conv_8; no value: 1, 2, 4, 8 and 11 of
        # eleven, a few of any others.
        layers=config_dict.placeholder(str),
        # Units whose patches are shown, such as conv_2:17,conv_8:3; no value: those of
        # each layer that tell most of the class.
        units=config_dict.placeholder(str),
        each=4,  # how many of each layer these are, at least 1
        patches=4,  # patches of each unit, at least 1
    )
    config.maps = dict(
        # Layers, with commas; no value: as for the units.
        layers=config_dict.placeholder(str),
        # Ways to make a map, with commas: tsne, umap (extra `umap`).
        methods='tsne',
        # Cells whose nearest are shown, cell_ids with commas; no value: the one in the
        # middle of each class.
        near=config_dict.placeholder(str),
    )
    # Workdir or weights of a second network, trained like the first with another seed,
    # which is asked to name images made for classes; no value: none is asked.
    config.judge = config_dict.placeholder(str)
    config.maximal = dict(
        cells=4,  # real cells in which an image is made for each class, at least 1
        # Units of the last convolution for which an image is made, at least 1.
        units=16,
        iterations=100,  # steps uphill, at least 1
        # First step, for a gradient of standard deviation 1; above 0. With 0.03, other
        # networks call more images right, and more of their light lies in the
        # organelle (docs/explain.md).
        step=0.3,
        decay=0.01,  # share of each pixel taken away at each step, 0 to 1
        blur=0.7,  # pixels; blur after every second step; 0: none
        # Percent of a cell's pixels set to 0 after each step, 0 to 100, for classes
        # that DeepLoc's authors do not name; theirs have 20 to 80.
        percentile=60.0,
    )
    config.batch_size = 64  # cells at a time
    # Folder of prepared screens; no value: that of the training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: that of the training.
    config.manual_dir = config_dict.placeholder(str)
    return config
