"""The supervisor: the loop, the crew, the watchdog, the ledger, the session, the settings, the command
line.
"""
