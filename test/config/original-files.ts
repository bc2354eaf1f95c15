/** Files in the form of the original Koubou: its keys and values, words of our own. */

export const originalWorkers = `
workers:
  local_workers:
    - worker_id: "local_001"
      worker_type: "local"
      model: "gpt-oss:20b"
      server_host: "http://localhost:11434"
      performance_factor: 1.0
      max_concurrent_tasks: 2
      max_tokens: 32768
    - worker_id: "local_002"
      worker_type: "local"
      model: "gpt-oss:20b"
      server_host: "http://localhost:11434"
      performance_factor: 1.0
      max_concurrent_tasks: 2
      max_tokens: 32768
  remote_workers: []
routing_policy:
  strategy: "priority_based"
  rules:
    - priority_range: [8, 10]
      preferred_workers: ["local"]
      reason: "急ぎはローカル"
    - priority_range: [5, 7]
      preferred_workers: ["local", "remote"]
      reason: "分けて処理"
      load_balancing: true
    - priority_range: [1, 4]
      preferred_workers: ["remote"]
      fallback_to_local: true
      reason: "急がないものはリモート"
performance:
  metrics_interval: 60
  auto_adjust_performance: true
  adjustment_interval: 1800
  default_timeout: 120
  remote_timeout: 300
health_check:
  interval: 15
  timeout: 90
  max_failures: 3
pool:
  min_workers: 1
  max_workers: 5
  max_active_tasks: 3
  scale_up_threshold: 0.8
  scale_down_threshold: 0.3
`;

export const originalRemoteWorkers = `
    - worker_id: "remote_lan_001"
      worker_type: "remote"
      model: "gpt-oss:20b"
      remote_host: "192.168.11.6"
      remote_port: 11434
      performance_factor: 0.1
      max_concurrent_tasks: 1
      network_timeout: 300
      max_tokens: 16384
      capabilities:
        - "translation"
        - "documentation"
        - "simple_tasks"
`;

export const originalModels = `
default_model: gpt-oss-20b
server:
  host: http://localhost:11434
  timeout: 300
  retry_count: 3
  retry_delay: 5
models:
  gpt-oss-20b:
    name: gpt-oss:20b
    description: 大きいモデル
    options:
      temperature: 0.3
      num_ctx: 16384
      top_p: 0.9
      top_k: 40
      repeat_penalty: 1.1
    use_cases:
    - 分析
  qwen-coder-1.5b:
    name: qwen2.5-coder:1.5b
    description: 小さいモデル
    options:
      temperature: 0.2
      num_ctx: 4096
      top_p: 0.95
      seed: 42
    use_cases:
    - 小さな修正
task_recommendations:
  code_generation: gpt-oss-20b
  code_review: qwen-coder-1.5b
  quick_fix: qwen-coder-1.5b
performance:
  auto_select:
    enabled: true
    rules:
    - condition: task_size < 100
      model: qwen-coder-1.5b
    - condition: task_size >= 500
      model: gpt-oss-20b
  fallback:
    enabled: true
    chain:
    - gpt-oss-20b
    - qwen-coder-1.5b
  cache:
    enabled: true
    ttl: 3600
    max_size: 100
logging:
  level: INFO
  detailed_prompts: false
  save_responses: true
  response_dir: .koubou/logs/ollama_responses
`;
