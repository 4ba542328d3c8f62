from .deepyeast import DeepYeast as DeepYeast
