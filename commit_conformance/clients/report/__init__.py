"""The matrix of rules by SDK, from event logs.

Owns reading the logs of clients and showing them: terminal, JSON, Markdown, HTML. Reads logs and nothing else; what a
driver or an SDK has written into one is a stranger's text, and made harmless when it is shown.
"""

from commit_conformance.clients.report.matrix import ClientLog, Matrix, matrix_of, read_client_log
from commit_conformance.clients.report.write import write_matrix

__all__ = ["ClientLog", "Matrix", "matrix_of", "read_client_log", "write_matrix"]
