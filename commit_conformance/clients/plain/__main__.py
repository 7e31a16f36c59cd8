"""``python -m commit_conformance.clients.plain [--mistake NAME | --liberty NAME | --driver NAME]``."""

from __future__ import annotations

import argparse

from commit_conformance.clients.plain.client import Client
from commit_conformance.clients.plain.driver import drive
from commit_conformance.clients.plain.liberties import LIBERTIES
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.clients.plain.wrong_drivers import WRONG_DRIVERS


def main() -> None:
    """Run the driver that is asked for."""
    parser = argparse.ArgumentParser(description="The driver of the plain client.")
    parser.add_argument("--mistake", choices=MISTAKES, help="make this mistake")
    parser.add_argument("--liberty", choices=LIBERTIES, help="take this liberty")
    parser.add_argument("--driver", choices=WRONG_DRIVERS, help="be this driver")
    given = parser.parse_args()
    if given.driver:
        WRONG_DRIVERS[given.driver]()
    elif given.mistake:
        mistake = MISTAKES[given.mistake]
        drive(mistake.client, api=mistake.api, name=given.mistake)
    elif given.liberty:
        drive(LIBERTIES[given.liberty].client, name=given.liberty)
    else:
        drive(Client)


if __name__ == "__main__":
    main()
