"""Starting the assistant: what `make run`, `make train` and `make shell` do after the packages are there.

``python -m kefu.run`` prepares page, database and model, then runs every server until it is stopped.
"""
