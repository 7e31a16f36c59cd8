"""What to send: Hypothesis strategies and small tables of commits that differ from the right one.

``plan``           a commit as the ways in which it differs from the right one
``family``         all the plans that show one kind of mistake
``part_edits``     what can be done to a part list
``part_lists``     families of bad part lists
``digests``        families of digests
``bodies``         families of bodies and attributes
``preconditions``  etags in all their forms
``liberties``      right requests in unusual forms, which a server has to take

This room imports ``commit_conformance.model`` and nothing else of the project.
"""
