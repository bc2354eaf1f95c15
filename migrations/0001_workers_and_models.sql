ALTER TABLE `task_assignments` ADD `model` text;--> statement-breakpoint
ALTER TABLE `task_assignments` ADD `duration_ms` real;--> statement-breakpoint
ALTER TABLE `task_master` ADD `fallbacks` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `task_master` ADD `retry_of` text;--> statement-breakpoint
CREATE INDEX `task_retries` ON `task_master` (`retry_of`) WHERE retry_of IS NOT NULL;--> statement-breakpoint
ALTER TABLE `workers` ADD `admission` text DEFAULT 'active' NOT NULL;--> statement-breakpoint
CREATE INDEX `event_by_pause` ON `events` (`seq`) WHERE type IN ('pool.paused', 'pool.resumed');