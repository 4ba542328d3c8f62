from .chong2015 import Chong2015 as Chong2015
