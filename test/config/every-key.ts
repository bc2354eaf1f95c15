/** Files that say everything that can be said, by the names of `Texts`. */

const sampling = {
  temperature: 0.3,
  num_ctx: 16_384,
  num_predict: -1,
  num_keep: 4,
  top_p: 0.9,
  top_k: 40,
  min_p: 0,
  typical_p: 1,
  repeat_penalty: 1.1,
  repeat_last_n: 64,
  presence_penalty: 0,
  frequency_penalty: 0,
  seed: 42,
  stop: ['END'],
  num_batch: 512,
  num_gpu: -1,
  main_gpu: 0,
  num_thread: 8,
  use_mmap: true,
  numa: false,
};

const everyWorker = {
  backend: 'ollama',
  model: 'gpt-oss:20b',
  performance_factor: 1,
  max_concurrent_tasks: 2,
  max_tokens: 32_768,
  network_timeout: 300,
  capabilities: ['translation'],
  standby: false,
};

export const everyKey = {
  koubou: {
    host: '127.0.0.1',
    ports: { rest: 8765, websocket: 8766, graphql: 8767, logs: 8768, dashboard: 8080 },
    storage: { durability: 'full' },
    server: {
      sync_wait_seconds: 300,
      drain_grace_seconds: 30,
      client_gone: 'cancel',
      allowed_origins: ['https://panel.example'],
      rate_limit: {
        strangers_per_minute: 100,
        strangers_per_hour: 1_000,
        tokens_per_minute: 6_000,
        loopback_per_minute: 600_000,
      },
    },
    pool: { admission_window: 10_000 },
    files: { roots: ['.', '/srv/projects'] },
    logging: { level: 'info', max_size_mib: 10, keep_files: 5 },
    retention: { max_age_days: 7, max_ended_tasks: 10_000, max_events: 100_000 },
    task_types: ['sql'],
  },
  workers: {
    workers: {
      local_workers: [
        { ...everyWorker, worker_id: 'a', worker_type: 'local', server_host: 'http://localhost:11434' },
        { worker_id: 'c', backend: 'openai', server_host: 'http://localhost:1234/v1', api_key: 'k-1' },
        { worker_id: 'd', backend: 'gemini-repo-cli', command: '/opt/bin/gemini-repo-cli' },
      ],
      remote_workers: [
        {
          ...everyWorker,
          worker_id: 'b',
          worker_type: 'remote',
          remote_host: '192.168.11.6',
          remote_port: 11_434,
        },
      ],
      joined_workers: ['gpu_box'],
    },
    hosts: { localhost: { max_concurrent_tasks: 3, memory_gib: 24 } },
    routing_policy: {
      strategy: 'priority_based',
      aging: 3_600,
      warm_bypasses: 8,
      rules: [
        {
          priority_range: [1, 10],
          preferred_workers: ['local', 'b', 'gpu_box'],
          fallback_to_local: true,
          load_balancing: true,
          reason: 'for the test',
        },
      ],
    },
    performance: {
      metrics_interval: 60,
      auto_adjust_performance: true,
      adjustment_interval: 1_800,
      default_timeout: 120,
      remote_timeout: 300,
    },
    health_check: { interval: 15, timeout: 90, max_failures: 3 },
    circuit_breaker: { failures: 5, open: 30, open_max: 600 },
    pool: {
      min_workers: 1,
      max_workers: 5,
      max_active_tasks: 3,
      scale_up_threshold: 0.8,
      scale_down_threshold: 0.3,
    },
  },
  models: {
    default_model: 'any',
    server: { host: 'http://localhost:11434', timeout: 300, retry_count: 3, retry_delay: 5 },
    models: { any: { name: 'any:1b', description: 'Any.', options: sampling, use_cases: ['tests'] } },
    task_recommendations: { translation: 'any' },
    performance: {
      auto_select: { enabled: true, rules: [{ condition: 'task_size < 100', model: 'any' }] },
      fallback: { enabled: true, chain: ['any'] },
      cache: { enabled: true, ttl: 3_600, max_size: 100 },
    },
    logging: { level: 'INFO', detailed_prompts: false, save_responses: true, response_dir: 'there' },
  },
};
