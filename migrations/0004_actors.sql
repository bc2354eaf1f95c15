-- The expression is written by hand: the generator splits it at its commas. Its snapshot holds it whole.
CREATE INDEX `event_by_actor` ON `events` (coalesce(json_extract(data, '$.worker_id'), json_extract(data, '$.endpoint')),`seq`) WHERE task_id IS NULL;
