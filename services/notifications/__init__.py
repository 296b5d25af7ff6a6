"""Notifications: what citizens are told, once each, and what they have read.

Owns the rules that turn facts into notices (data), the texts of notices (data, Vietnamese and English), the inbox of every
recipient with its unread count, the keys that stop a notice from being told twice (kept for ever), and contacts: sealed by
their senders, opened here alone, kept encrypted, forgotten on a tombstone. Publishes `notifications.notices`:
notice-created and notice-read, ids and codes only. Listens to `intake.dossiers` and `intake.contacts`.

The inbox is the only channel so far. A fact becomes a notice in one transaction with its inbox item, the unread count, the
notice's own fact and the consumer's place; what arrives again changes nothing.
"""
