"""Processes and connections: accepting callers, the HTTP protocol with limits, one worker or several."""
