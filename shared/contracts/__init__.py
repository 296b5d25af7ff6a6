"""Facts on the wire: one module per producer, the envelope, and committed JSON Schemas.

Within `.v1` only optional fields with defaults are added; anything else is a `.v2` beside it. No personal data.
"""
