"""A server on trial: sends what the strategies say, lets the model judge, and ends or passes the test of a rule.

``server``     what the tests in ``tests/server`` talk to: files, sessions, other users
``shared``     scenes that rules share where a file is costly
``races``      several requests at once, and what there has to be afterwards
``rounds``     races, round after round, and what is told of those that cannot be explained
``walk``       sequences of steps: what is drawn, and what comes of all walks
``laid_down``  the walk that every run takes
``journey``    what walks may spend, and how their steps are taken
``walker``     one such sequence, held against the sequential model
``answered``   answers as the sequential model takes them
``refusals``   what has to be refused, and that it leaves no trace
``second_look``  asks again what was not refused, on as few parts as show it
``example``    one commit of an earlier run, sent again
``kept``       failing examples that are kept for the next run
``lengthy``    the long uploads that rules on many parts and on large files share
``commits``    commits that have to succeed, and what else their failure may be due to
``put_off``    commits that were answered 202 and are left waiting
``sending``    commits as they are sent: followed, judged in passing, settled where an answer was lost
``liberties``  right commits in unusual forms, many to one request
``judge``      judges every answer for all rules it says something about
``attempt``    one commit with everything known of it
``evidence``   a failure as the event log holds it
``marks``      how a test says which rule it tests

It builds on ``target`` (what is sent), ``model`` (what is right) and ``verdict`` (what is said of a rule).
"""
