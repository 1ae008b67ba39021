SELECT worker FROM worker WHERE swept IS NULL
