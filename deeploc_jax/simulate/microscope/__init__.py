"""The microscope: optical sections, bright field, camera, and plates imaged with it."""
