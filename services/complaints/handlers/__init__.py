"""What complaints does: one function = one use case = one transaction.

`desk` is where everybody works; `letters` and `commands` change letters and cases, `announcing` and `recounting` are the clock's, `reading` and
`lookups` answer questions, `reference` copies units and procedures, `contacts` opens what is sent sealed.
"""
