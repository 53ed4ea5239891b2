-- Whoever ends a session leaves the messages, by a statement that every store has.
DROP TRIGGER client_sessions_over;
-- What was kept as the text of a rules file is brought into a form of its own (`adapters::stored_rules`). A published version changes
-- this once; step 10 forbids it again.
DROP TRIGGER mapping_versions_stay;
