"""The report as one HTML page.

``page`` renders it, ``messages`` marks what is wrong in a request and its answer, ``timeline`` draws when the exchanges
took place; ``templates/`` has the markup, the style sheet and the script.
"""
