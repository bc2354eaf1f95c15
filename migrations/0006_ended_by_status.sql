DROP INDEX `task_ended`;--> statement-breakpoint
CREATE INDEX `task_ended` ON `task_master` (`ended_at`,`status`) WHERE ended_at IS NOT NULL;