"""From an answer to a verdict.

``catalogue``  the rules, as data (``rule`` and ``rule_files`` belong to it)
``outcomes``   how a test of a rule can end
``monitor``    what was seen in passing, in every answer of a run
``settings``   what a run was asked to do
``run``        the state of one run: target, monitor, verdicts so far
``server``     what the tests in ``tests/server`` talk to
``attempt``    one commit with everything known of it
``evidence``   a failure as the event log holds it
``events``     writes the event log

The model decides what is right; this room asks it, and files what it says under the rules.
"""
