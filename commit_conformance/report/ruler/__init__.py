"""The part-list ruler: byte ranges uploaded above, byte ranges claimed below, so that a hole can be *seen*.

``layout`` turns the part list of a failure into places in the file, ``scale`` those into places on paper; ``svg`` and
``text`` draw them.
"""
