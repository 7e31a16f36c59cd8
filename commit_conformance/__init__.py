"""Tells whether a server keeps the contract of Box's chunked-upload commit, and whether an SDK uses it rightly."""
