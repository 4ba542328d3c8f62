"""Where the DeepLoc release comes from, how to cite it, and its license."""

DEEPLOC_HOMEPAGE = 'https://github.com/okraus/DeepLoc'
DEEPLOC_CITATION = """\
@article{kraus2017deeploc,
  title={Automated analysis of high-content microscopy data with deep learning},
  author={Kraus, Oren Z. and Grys, Ben T. and Ba, Jimmy and Chong, Yolanda and
          Frey, Brendan J. and Boone, Charles and Andrews, Brenda J.},
  journal={Molecular Systems Biology},
  volume={13},
  number={4},
  pages={924},
  year={2017},
  doi={10.15252/msb.20177551}
}"""
DEEPLOC_LICENSE = (
    'The code of DeepLoc and the sample data in its repository are under the BSD '
    '3-clause license. The full data archive was released without a license of its '
    'own: ask its authors before you pass it on.'
)
