-- Since when nothing refers to a snapshot, in seconds of the Unix epoch; NULL where something does, or nobody looked.
ALTER TABLE snapshot ADD COLUMN unused_since REAL;
