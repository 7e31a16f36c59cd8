"""From an answer to a verdict.

``catalogue``  the rules, as data (``rule`` and ``rule_files`` belong to it)
``outcomes``   how a test of a rule can end
``monitor``    what was seen in passing, in every answer of a run
``settings``   what a run was asked to do
``run``        the state of one run: target, monitor, verdicts so far
``shared_examples``  failing examples in a Redis that several machines share
``events``     writes the event log
"""
