"""People check the labels of cells on a page of this machine, 64 at once.

    python launch.py --config=configs/curate.py --config.source=lean-sim \
        --config.screen=yeast_sim/smoke --config.split=train --workdir=runs/curated

docs/curate.md shows the page and its keys. It needs: pip install -e '.[curate]'

Result: corrections.csv, which configs/deeploc.py, configs/transfer.py and
configs/evaluate.py take as --config.labels; curated.csv, a table of the cells with a
class for configs/prepare.py:own_screen; and, if the page was told to train again,
weights/, a network that learned from what was decided.
Time: until Ctrl-C; on two CPU cores with other work, 16 s until the page is there for
300 cells, and 5 to 16 ms for the server to answer for a sheet.
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """A page for one annotator on the cells of a prepared screen."""
    config = ml_collections.ConfigDict()
    config.task = 'curate'  # module of deeploc_jax/tasks; fixed
    config.seed = 0  # any integer from 0: the random order
    # Prepared screen, as in deeploc.py; this, table or scored is required.
    config.screen = config_dict.placeholder(str)
    # Split of the screen; slices and sums: train[:10%], train+validation+test.
    config.split = 'train'
    # Table of crops as for prepare.py:own_screen, or of cells in field images (Image
    # Path, Center X, Center Y, Initial Label).
    config.table = config_dict.placeholder(str)
    # Roles of the table's channels by name: protein=GFP,marker=RFP; for a table only.
    config.channels = config_dict.placeholder(str)
    # Channels in the order of the table's image files: RFP,GFP; no value: as in
    # prepare.py.
    config.channel_names = config_dict.placeholder(str)
    # Pixels that are added to Center X and Center Y of such a table: -20,-20, where
    # the cells lie so far up and left of these places.
    config.center_offset = '0,0'
    # Workdir of score.py: its cells, which have probabilities.
    config.scored = config_dict.placeholder(str)
    # Network that says what is suspicious or novel, and names cells without a label:
    # workdir of a training, folder of weights, or lean-sim; no value: none.
    config.source = config_dict.placeholder(str)
    # Channels of the cells in the order of the network: GFP,far_red, or GFP,- where
    # they lack one; no value: protein for protein, marker for marker.
    config.network_channels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # predictions.parquet of evaluate.py, in place of the source: joined by cell_id.
    config.predictions = config_dict.placeholder(str)
    # Classes beside those of the cells and of the network: ER,"a, b", or a text file
    # with one a line; no value: no others.
    config.classes = config_dict.placeholder(str)
    # Names of the annotators, with commas; each gets an address, and does not see what
    # the others decide.
    config.annotators = 'me'
    config.sheet = 64  # cells of a sheet, 9 to 256
    config.port = 8765  # port of the page on this machine; 0: any that is free
    config.serve = True  # False only writes the tables of what was decided
    config.batch_size = 128  # cells named at a time, over all devices
    # Folder of prepared screens; no value: that of the source's training.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value: likewise.
    config.manual_dir = config_dict.placeholder(str)
    return config
