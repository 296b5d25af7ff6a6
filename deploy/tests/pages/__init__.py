"""The pages with the whole house behind them: what is sent in at one door is looked for at every other."""
