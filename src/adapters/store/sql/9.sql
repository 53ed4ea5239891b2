-- What was kept as the text of a rules file is brought into a form of its own (`adapters::stored_rules`). A published version changes this
-- once; step 10 forbids it again.
DROP TRIGGER mapping_versions_stay;
