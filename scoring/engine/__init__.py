"""One raw lead in, a result out: the verbs that score, the questions, and a card's own test cases."""
