"""What to send: Hypothesis strategies and small tables of commits that differ from the right one.

Whole commits, to be used from outside:

``commits``        wrong commits with up to several mistakes anywhere, right commits in any form that has to be taken
``materials``      uploads without a server, to build commits on
``defects``        part lists drawn from their defects: which, where, how many, by how much
``right_lists``    part lists that are right in another order or form
``digests``        families of digests
``bodies``         families of bodies
``attributes``     dates, descriptions, and what is none
``preconditions``  etags in all their forms
``spellings``      numbers spelled as clients do not, members given twice

What they are made of:

``plan``           a commit as the ways in which it differs from the right one
``family``         all the plans that show one kind of mistake
``part_lists``     families of bad part lists, one for each rule
``part_mistakes``  strategies for edits, from which families and defects draw
``part_edits``     what can be done to a part list as a whole
``entry_edits``    what can be done to one of its entries
``liberties``      right requests in unusual forms, which a server has to take
``written``        plans as JSON and back, as the event log keeps them

Answers, to judge judges by:

``files``           bodies of the 201: right ones, and near misses with one fault
``file_agreement``  how a File agrees with its upload, or does not
``schema_places``   a JSON Schema as a tree of places
``schema_values``   right values for a place, and ones that are wrong in one way

This room imports ``commit_conformance.model`` and nothing else of the project.
"""
