"""What runs inside a worker process: its main loop, its tab, the captures, the PDF check, the adapters."""
