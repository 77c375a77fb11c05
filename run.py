"""The door: `python run.py` does the job that settings.ini describes.

Nothing else stands at module level: every worker process re-imports this file when it is spawned, and must
not thereby load the settings, the command line or the terminal.
"""

if __name__ == "__main__":
    from supervisor.cli import main

    main()
