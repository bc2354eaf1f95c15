CREATE TABLE `events` (
	`seq` integer PRIMARY KEY NOT NULL,
	`task_id` text,
	`type` text NOT NULL,
	`from` text,
	`to` text,
	`at` integer NOT NULL,
	`data` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `event_by_task` ON `events` (`task_id`,`seq`) WHERE task_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`task_ids` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_by_age` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `task_assignments` (
	`assignment_id` integer PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`worker_id` text NOT NULL,
	`lease` integer NOT NULL,
	`assigned_at` text NOT NULL,
	`ended_at` text,
	`assignment_status` text NOT NULL,
	`reason` text NOT NULL,
	`outcome` text,
	FOREIGN KEY (`task_id`) REFERENCES `task_master`(`task_id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`worker_id`) REFERENCES `workers`(`worker_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `assignment_by_task` ON `task_assignments` (`task_id`);--> statement-breakpoint
CREATE INDEX `assignment_active` ON `task_assignments` (`worker_id`) WHERE assignment_status = 'active';--> statement-breakpoint
CREATE TABLE `task_master` (
	`task_id` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`task_type` text NOT NULL,
	`priority` integer NOT NULL,
	`status` text NOT NULL,
	`worker_id` text,
	`assignment_id` integer,
	`leases` integer DEFAULT 0 NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`run_at` integer,
	`machine_version` integer NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`started_at` text,
	`ended_at` text,
	`metadata` text NOT NULL,
	`prompt` text NOT NULL,
	`result` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_by_seq` ON `task_master` (`seq`);--> statement-breakpoint
CREATE INDEX `task_by_status` ON `task_master` (`status`,`seq`);--> statement-breakpoint
CREATE INDEX `task_ready` ON `task_master` (`priority`,`task_type`,`seq`) WHERE status = 'pending' AND run_at IS NULL;--> statement-breakpoint
CREATE INDEX `task_scheduled` ON `task_master` (`run_at`) WHERE status = 'pending' AND run_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `task_ended` ON `task_master` (`ended_at`) WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `workers` (
	`worker_id` text PRIMARY KEY NOT NULL,
	`worker_type` text NOT NULL,
	`status` text NOT NULL,
	`liveness` text NOT NULL,
	`location` text NOT NULL,
	`endpoint_url` text,
	`model` text,
	`current_task` text,
	`last_heartbeat` text,
	`tasks_completed` integer DEFAULT 0 NOT NULL,
	`tasks_failed` integer DEFAULT 0 NOT NULL,
	`performance_factor` real NOT NULL,
	`max_concurrent_tasks` integer NOT NULL,
	`configured` integer DEFAULT 1 NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL
);
