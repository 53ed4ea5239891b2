-- Whoever ends a session leaves the messages, by a statement that every store has.
DROP TRIGGER client_sessions_over;
