"""Outside the house: letters as e-mail messages (`letters`, `messages`), and who carries them (`smtp`, `sandbox`)."""
