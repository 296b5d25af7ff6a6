"""Notifications: what citizens are told, once each, by which ways, and what they have read.

Owns the rules that turn facts into notices (data), their texts (data, Vietnamese and English), the inbox of every recipient
with its unread count, the keys that stop a notice from being told twice (kept for ever), deliveries out of the house with
every attempt, and contacts: sealed by their senders, opened here alone, kept encrypted, forgotten on a tombstone. Publishes
`notifications.notices`: notice-created, -read, -delivered (a provider has it; a sandbox never states this) and -failed (the
channel gave up), ids and codes only. Listens to `intake.dossiers`, `complaints.cases`, `intake.contacts` and
`complaints.contacts`.

A fact becomes a notice in one transaction with its inbox item, the unread count, its deliveries, the notice's own fact and
the consumer's place; what arrives again changes nothing. E-mail is the one channel so far: a worker takes what is due under
a lease, writes the attempt down, and only then calls the provider; what may or may not have been sent is in doubt, and says so.
"""
