from .yeast_sim import YeastSim as YeastSim
from .yeast_sim import YeastSimConfig as YeastSimConfig
