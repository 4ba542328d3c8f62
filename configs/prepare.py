"""A screen is prepared on disk, once, for training here or in other projects.

    python launch.py --config=configs/prepare.py:chong2015 --config.manual_dir=<files>
    python launch.py --config=configs/prepare.py:own_screen \
        --config.own_screen.table=cells.csv --config.own_screen.name=my_screen \
        --config.own_screen.channels=protein=GFP,marker=RFP \
        --config.own_screen.group_by=plate,well
    python launch.py --config=configs/prepare.py:micrographs \
        --config.fields=fields.csv --config.channels=protein=GFP,marker=RFP \
        --config.plate_map=wells.csv --config.name=my_screen \
        --config.group_by=plate,well --workdir=runs/my_screen

`datasets/README.md` lists the screens, `docs/own_cells.md` the columns of a table of
your own cells, `docs/micrographs.md` how fields become cells; look first at what is
understood, with --config.dry_run=true.

Result: a TFDS data set in `<data_dir>/<screen>/<version>`, and the command that trains
on it or names its cells; yeast_sim 4.0.0 has 20,000 cells.
Time: 130 s for yeast_sim on two CPU cores (AMD EPYC); released files: not measured.
"""

import ml_collections
from ml_collections import config_dict

from configs import score

# Fields of score.py that say where the fields are and how cells are found in them.
FIELDS = (
    'fields',
    'channels',
    'channel_names',
    'plate_map',
    'pixel_size',
    'cells',
    'illumination',
    'camera_offset',
    'fields_per_part',
    'workers',
    'dry_run',
)


def get_config(screen: str = 'yeast_sim') -> ml_collections.ConfigDict:
    """Preparation of one screen, `name` or `name/config` as TFDS writes it."""
    config = ml_collections.ConfigDict()
    config.task = 'prepare'  # module of deeploc_jax/tasks; fixed
    # From the text after the colon: chong2015, wt2017, swat_rfp, deepyeast/main,
    # deepyeast/transfer, yeast_sim, yeast_sim/<config>, own_screen or micrographs.
    config.screen = screen
    # Folder of prepared screens; no value: ~/tensorflow_datasets.
    config.data_dir = config_dict.placeholder(str)
    # Folder of released files that you downloaded; no value:
    # <data_dir>/downloads/manual.
    config.manual_dir = config_dict.placeholder(str)
    if screen == 'own_screen':
        config.own_screen = own_screen()  # only there: what only you can say
    if screen == 'micrographs':
        config.update(micrographs())  # only there: where the fields are
    return config


def micrographs() -> ml_collections.ConfigDict:
    """Description of fields, whose cells are found and cut out as when scored."""
    scored = score.get_config()
    options = ml_collections.ConfigDict()
    for name in FIELDS:
        options[name] = scored.get_oneway_ref(name)
    # Letters, digits, _ and -, a letter first; required. Train with
    # screen=own_screen/<name>.
    options.name = config_dict.placeholder(str)
    # Columns whose groups go whole to one split, as of own_screen: plate,well; row is
    # that of the well; no value: the plate map gives no labels.
    options.group_by = config_dict.placeholder(str)
    # Classes in index order: ER,"a, b"; no value: the labels found, sorted.
    options.classes = config_dict.placeholder(str)
    # Side of a pixel of the crops in micrometers, so that a cell fits into 64 pixels;
    # no value: that of the fields.
    options.crop_pixel_size = config_dict.placeholder(float)
    return options


def own_screen() -> ml_collections.ConfigDict:
    """Description of crops of your own."""
    options = ml_collections.ConfigDict()
    # CSV or Parquet file with one row per cell; required.
    options.table = config_dict.placeholder(str)
    # Letters, digits, _ and -, a letter first; required. Train with
    # screen=own_screen/<name>.
    options.name = config_dict.placeholder(str)
    # Roles of the channels by name: protein=GFP,marker=RFP,nucleus=DAPI; required. A
    # protein is needed, a marker is not.
    options.channels = config_dict.placeholder(str)
    # Channels in the order of the image files: RFP,GFP; no value: the names are in the
    # table (image_<channel>) or in the files.
    options.channel_names = config_dict.placeholder(str)
    # Columns whose groups go whole to one split: plate,well, condition or any
    # other column; no value: the table has a column `split`, or no labels.
    options.group_by = config_dict.placeholder(str)
    # Classes in index order: ER,"a, b"; no value: the labels found, sorted.
    options.classes = config_dict.placeholder(str)
    # center cuts larger images to the middle 64x64; no value: images must have 64x64.
    options.crop = config_dict.placeholder(str)
    options.skip_bad_rows = False  # True sets bad rows aside; False stops at them
    return options
