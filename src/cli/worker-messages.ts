/** What `koubou worker` says, in both languages; the catalogues take it in as `worker`. */

export const workerEnglish = {
  help: {
    worker: 'work for a pool on another machine: joins it, takes tasks, comes back after a cut',
    join: 'address of the pool: ws://host:8766, or wss:// behind a proxy that encrypts',
    name: 'name of this worker in the pool (default: name of this machine)',
    slots: 'tasks at once (default: 1)',
    models: 'models to take tasks for, with commas between (default: all that the server has)',
    capabilities: 'task types to take, with commas between (default: all)',
    label: 'a label as key=value; may be given several times',
    performanceFactor: 'speed relative to the other workers; 1 is the reference (default: 1)',
    ollama: 'the Ollama server that generates (default: http://localhost:11434)',
    openai:
      'a server with the API of OpenAI in its place, such as http://localhost:1234/v1; its key in OPENAI_API_KEY',
    demo: 'write placeholder text instead of asking a model',
    drainGrace: 'seconds that running tasks may take to end when this worker is stopped (default: 30)',
    token: 'WORKER_AUTH_TOKEN must be that of the pool.',
  },
  notPoolUrl: (text: string) => `This is no address of a pool, such as ws://pool:8766: ${text}`,
  badName: (text: string) =>
    `A worker's name has letters, digits, dots, dashes and underscores, 64 at most; this has not: ${text}`,
  badLabel: (text: string) => `A label is key=value; this is not: ${text}`,
  notServerUrl: (text: string) => `This is no http:// or https:// address of a server: ${text}`,
  badFactor: 'a number above 0, at most 1000',
  tokenMissing: 'Set WORKER_AUTH_TOKEN to the token of the pool.',
  connecting: (url: string) => `Connecting to ${url}…`,
  joined: (name: string) => `Joined as ${name}. Ctrl-C stops it.`,
  back: (running: number) =>
    running === 0 ? 'The connection is back.' : `The connection is back; ${running} tasks go on.`,
  cut: (detail: string, running: number) =>
    `The pool is out of reach: ${detail}. ${running === 0 ? '' : `${running} tasks go on here. `}Trying again…`,
  waiting: (detail: string) => `Could not join: ${detail}. Trying again…`,
  refused: (message: string) => `The pool refused this worker: ${message}`,
  stopping: 'Stopping: running tasks may end. Once more stops at once.',
  stopped: 'Stopped.',
  forced: 'Stopped at once; the pool gives what ran to other workers.',
};

export type WorkerMessages = typeof workerEnglish;

export const workerJapanese: WorkerMessages = {
  help: {
    worker: '別のマシンのプールに参加してタスクを処理する。切断されても自動で復帰',
    join: 'プールのアドレス。ws://host:8766、暗号化するプロキシの背後なら wss://',
    name: 'プールでの名前（既定: このマシンの名前）',
    slots: '同時に処理するタスク数（既定: 1）',
    models: '引き受けるモデル。カンマ区切り（既定: サーバーにある全モデル）',
    capabilities: '引き受けるタスク種別。カンマ区切り（既定: すべて）',
    label: 'key=value 形式のラベル。複数指定可',
    performanceFactor: '他のワーカーに対する速さ。1 が基準（既定: 1）',
    ollama: '生成に使う Ollama サーバー（既定: http://localhost:11434）',
    openai: 'Ollama の代わりに使う OpenAI 互換 API（例: http://localhost:1234/v1）。キーは OPENAI_API_KEY',
    demo: 'モデルを使わず仮の文章を返す',
    drainGrace: '停止時に実行中のタスクの終了を待つ秒数（既定: 30）',
    token: 'WORKER_AUTH_TOKEN にプールと同じトークンを設定してください。',
  },
  notPoolUrl: (text) => `プールのアドレス（例: ws://pool:8766）ではありません: ${text}`,
  badName: (text) => `ワーカー名に使えるのは英数字・ピリオド・ハイフン・下線で 64 文字までです: ${text}`,
  badLabel: (text) => `ラベルは key=value の形で指定してください: ${text}`,
  notServerUrl: (text) => `http:// または https:// のサーバーアドレスではありません: ${text}`,
  badFactor: '0 より大きく 1000 以下の数を指定してください',
  tokenMissing: 'WORKER_AUTH_TOKEN にプールのトークンを設定してください。',
  connecting: (url) => `${url} に接続中…`,
  joined: (name) => `${name} として参加しました。Ctrl-C で停止します。`,
  back: (running) =>
    running === 0 ? '接続が復帰しました。' : `接続が復帰しました。${running} 件のタスクを続けます。`,
  cut: (detail, running) =>
    `プールに届きません（${detail}）。${running === 0 ? '' : `${running} 件のタスクは続行中です。`}再接続します…`,
  waiting: (detail) => `参加できませんでした（${detail}）。再試行します…`,
  refused: (message) => `プールに拒否されました: ${message}`,
  stopping: '停止します。実行中のタスクの終了を待ちます。もう一度で直ちに停止します。',
  stopped: '停止しました。',
  forced: '直ちに停止しました。実行中だったタスクは他のワーカーに渡されます。',
};
