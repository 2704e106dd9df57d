"""Lists that somebody sends to the pages: kept while they are worked on, and read by a process of their own."""
