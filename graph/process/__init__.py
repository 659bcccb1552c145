"""
What runs: `cli` the commands, `app` the composition root, `serving` the server, `working` the worker; and what keeps a
process healthy and in bounds (health, metrics, logs, budget, revocation, doctor).
"""
