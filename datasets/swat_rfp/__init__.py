from .swat_rfp import SwatRfp as SwatRfp
