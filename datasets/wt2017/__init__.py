from .wt2017 import Wt2017 as Wt2017
