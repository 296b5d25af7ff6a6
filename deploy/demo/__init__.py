"""The sample day: one working day of a one-stop shop and its letters, and the quieter weeks before, lived through the public doors.

`data/*.toml` says what happens, counted in working days from the sample day; `days` gives them dates that end today, `dossiers`
and `letters` make acts of them, `player` does them in order of time while the clock is moved along, `filling` is what
`gandan up` calls on an empty store, `traffic` is `gandan sample play`. Everybody in it is invented.
"""
