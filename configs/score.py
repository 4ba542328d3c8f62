"""A screen is scored: every cell of its fields gets a localization.

    python launch.py --config=configs/score.py --config.source=lean-sim \
        --config.fields=fields.csv --config.channels=protein=GFP,marker=RFP \
        --workdir=runs/scored

First look at what is understood, with --config.dry_run=true. Run the same command again
to continue, or to score what has changed since. docs/score.md has the rest: cells from
other programs, several machines, what is set aside.

Result: cells.parquet, a row a cell; fields.parquet, a row a field; set_aside.csv, what
was not scored and why. The exit status is 3 where a field was set aside.
Time: 17 s of CPU time for the 355 small fields with 1,822 cells of the simulated screen
`smoke`, one view a cell, with `lean-sim`, on two cores of an AMD EPYC that had other
work too (82 s).
"""

import ml_collections
from ml_collections import config_dict


def get_config() -> ml_collections.ConfigDict:
    """Cells are found in the fields and scored with as many crops as calibrated."""
    config = ml_collections.ConfigDict()
    config.task = 'score'  # module of deeploc_jax/tasks; fixed
    # Workdir of a training, a folder of weights, or lean-sim; required.
    config.source = config_dict.placeholder(str)
    # Table of fields, pattern of file names in quotes, or folder of simulated plates;
    # required.
    config.fields = config_dict.placeholder(str)
    # Roles of the channels: protein=GFP,marker=RFP; any other roles are measured too.
    config.channels = config_dict.placeholder(str)
    # Names of the channels in files that hold all of them, RFP,GFP, or by what file
    # names call them, 1=GFP,2=RFP; no value: files and their names say it.
    config.channel_names = config_dict.placeholder(str)
    # Channels in the order of the network, - for one that the screen lacks; no value:
    # protein and marker by their roles.
    config.network_channels = config_dict.placeholder(str)
    # Table of what is in the wells (well, protein, condition); no value: none.
    config.plate_map = config_dict.placeholder(str)
    # Side of a pixel in micrometers; no value: the files say it.
    config.pixel_size = config_dict.placeholder(float)
    # Name of the screen; no value: the table says it, or it has none.
    config.screen = config_dict.placeholder(str)
    config.cells = dict(
        objects='',  # CellProfiler's that are cells: cells, nuclei; '' for the usual
        nuclei='',  # channel in which nuclei are bright; '' for none
        light='fluorescence',  # the marker's: fluorescence or transmitted
        form='round',  # round, as yeast; spread, grown from nuclei, as cells on a dish
        buds='with_mother',  # with_mother: a bud is part of the mother's cell; apart
        border='flag',  # flag keeps cells at the edge of a field as rows; drop
    )
    # Channel whose light fills the cells; no value: the one with the role of marker.
    config.cells.marker = config_dict.placeholder(str)
    # Table of centers that another program found; no value: cells are looked for.
    config.cells.centers = config_dict.placeholder(str)
    # Paths of label images, masks/{plate}/{name}.tif; no value: cells are looked for.
    config.cells.labels = config_dict.placeholder(str)
    # Usual diameter of a cell without its bud, micrometers (pixels where their size is
    # unknown); no value: 5 micrometers or 40 pixels.
    config.cells.diameter = config_dict.placeholder(float)
    # Smallest area of a cell, square micrometers or pixels; no value: by the diameter.
    config.cells.min_area = config_dict.placeholder(float)
    # Largest area of a cell, square micrometers or pixels; no value: by the diameter.
    config.cells.max_area = config_dict.placeholder(float)
    config.adapt = False  # True: the network is adapted to the fields, without labels
    config.outlines = False  # True: a picture a field that is scored, for the eye
    config.illumination = False  # True: uneven light of each plate is corrected
    config.camera_offset = 0.0  # gray value of a dark pixel, for that correction
    config.not_cells = 'DEAD,GHOST'  # classes of the network that are no living cells
    config.quality = dict(  # beyond which the cells of a field are flagged
        focus=2.5,  # robust z below the sharpness of the plate
        brightness=4.0,  # robust z of the brightness, to either side
        cells=5.0,  # robust z of the square root of the number of cells, likewise
        saturated=0.01,  # share of white pixels of a channel but the protein's
        fewest_in_well=5,  # cells, in a well that also has few for its plate
        fewest_fields=8,  # of a plate whose fields are compared
    )
    # Table of a few cells, cell_id and is_cell, from which a forest learns what is no
    # cell by its measurements; no value: no forest.
    config.cell_labels = config_dict.placeholder(str)
    # Pixel value that normalization `unit` maps to 1; no value: that of the training.
    config.white_level = config_dict.placeholder(float)
    # Views of a cell that are averaged: 1 (central) or 5; no value: as calibrated.
    config.crops = config_dict.placeholder(int)
    # Layers whose features are written too, with commas: mean; no value: none.
    config.layers = config_dict.placeholder(str)
    config.batch_size = 128  # cells at a time, over all devices of a process
    config.fields_per_part = 16  # at least 1; a stopped run goes on after a part
    # Processes that read fields and find cells; no value: one a processor.
    config.workers = config_dict.placeholder(int)
    # Share of the parts, 3/16 for every 16th from the third; no value: all of them.
    config.shard = config_dict.placeholder(str)
    # Address of a Dask scheduler whose workers score: tcp://host:8786; no value: none.
    config.scheduler = config_dict.placeholder(str)
    config.dry_run = False  # True: say what was understood, and stop
    return config
