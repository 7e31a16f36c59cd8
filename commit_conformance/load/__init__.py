"""Many users at once, each commit judged: what Locust sends and counts, the model decides.

Locust owns users, processes and statistics; this room owns what a user does and what is said of the answers.

``mistakes``   wrong commits by the rule that has them refused, and right ones
``work``       what one user does: uploads, wrong commits, right ones, what is read back
``encounters`` requests that meet: two commits of one session, two sessions for one name, and their like
``tally``      what was held and what was wrong, counted, and added up over workers
``ground``     the folder to work in and what is known of the target, told to every worker
``settings``   what a run of this kind was asked to do
``names``      what its statistics call a request
``users``      all of that as a user of Locust; the one module that imports it
``locustfile`` what Locust is pointed at
``conduct``    a master and its workers, started and ended; the folder taken away afterwards
``report``     the result as JSON, as Markdown and on the terminal

It builds on ``target``, ``model`` and ``strategies``, and knows nothing of how a run of the suite orders its rules.
"""

from pathlib import Path


def locustfile_path() -> Path:
    """Where the file is that Locust is pointed at. It is never imported for this: that would patch the process."""
    return Path(__file__).with_name("locustfile.py")
