"""The bus: facts out through one relay, facts in through consumers whose place lives in the database."""
