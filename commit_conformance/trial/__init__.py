"""A server on trial: sends what the strategies say, lets the model judge, and ends or passes the test of a rule.

``server``     what the tests in ``tests/server`` talk to: files, sessions, other users
``races``      several requests at once, round after round
``walk``       sequences of steps: what is drawn, and what comes of all walks
``laid_down``  the walk that every run takes
``journey``    what walks may spend, and how their steps are taken
``walker``     one such sequence, held against the sequential model
``answered``   answers as the sequential model takes them
``refusals``   what has to be refused, and that it leaves no trace
``second_look``  asks again what was not refused, on as few parts as show it
``kept``       failing examples that are kept for the next run
``commits``    commits: sent, followed, judged in passing; a right one has to succeed
``liberties``  right commits in unusual forms, many to one request
``judge``      judges every answer for all rules it says something about
``attempt``    one commit with everything known of it
``evidence``   a failure as the event log holds it
``marks``      how a test says which rule it tests

It builds on ``target`` (what is sent), ``model`` (what is right) and ``verdict`` (what is said of a rule).
"""
