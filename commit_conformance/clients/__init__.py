"""An SDK under test: does it use the contract rightly?

The reference service plays scenarios on a loopback socket and keeps a record of what the client sent; a driver, a small
program in the SDK's language, makes the SDK do what a scenario asks for and says what its caller was told. Rules judge
both. This room must not know how a particular SDK works: that is its driver's.

The modules, in reading order:

``protocol``   the messages between the suite and a driver, read and checked
``process``    a driver as a process: started, asked, bounded, ended
``discovery``  drivers that come along: ``driver.toml``, installing, what the machine lacks
``catalogue``  the rules for clients
``record``     what the client sent, when, and what it was answered
``stage``      the service with a scenario played between it and the client
``interludes`` what a scenario can put in place of an answer
``scenario``   what a scenario is
``scenarios``  all of them
``prepare``    sessions and files that are there before a scenario begins
``play``       one scenario played with one call, and everything that came of it
``judge``      a play against the rules
``verdicts``   what many plays say about a rule, summed up
``settings``   what a run is to do
``crew``       the processes of a driver, one for each scenario at a time
``run``        all of it for one driver, side by side
``events``     what goes into the event log
``report``     the matrix of rules by SDK, from event logs
``plain``      a right client, its mistakes, and one that does nothing
"""
