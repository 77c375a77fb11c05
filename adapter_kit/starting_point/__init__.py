"""What `python run.py adapter new` copies, under the name that is asked for: real code, checked too."""
