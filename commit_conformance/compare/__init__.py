"""Two targets side by side: the same commits to both, and where their answers differ.

This room plays a script and compares; it tests no rules and gives no verdicts. What a commit may be answered is asked
of the model, as everywhere, so that a difference can be laid at somebody's door, or at nobody's.

``script``       what is sent, all of it settled before the first request
``side``         one target that plays the script
``read_back``    what can be seen of a file after its commit
``judging``      what the contract says of one commit's answers
``seen``         an answer without what no client may rely on: ids, times, order
``differences``  what differs, put together by kind, the worst first
``screen``       the comparison on a terminal, and as JSON
``settings``     what ``--target`` says of each side
``comparison``   all of the above for one comparison
"""
