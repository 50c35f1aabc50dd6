"""The console: the web application in which operators talk with customers and work on tickets."""
