"""What a server process is made of: uvicorn, what runs beside the requests, static files."""
