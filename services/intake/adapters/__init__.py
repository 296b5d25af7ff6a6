"""Outside tools of intake: statutory papers set by Typst."""
