"""An upload service made with a web framework and a relational database."""
