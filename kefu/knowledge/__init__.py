"""The company's facts: read from YAML and Markdown into a graph in SQL, searched, answered from."""
