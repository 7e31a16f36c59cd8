"""What ``make bench`` runs. Nothing here is part of the installed package."""
