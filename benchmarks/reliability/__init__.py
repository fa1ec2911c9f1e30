"""Fault injection, long runs and known vulnerabilities."""
