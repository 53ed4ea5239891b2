CREATE TRIGGER mapping_versions_stay BEFORE UPDATE ON mapping_versions BEGIN
  SELECT RAISE(ABORT, 'a published version never changes');
END;
