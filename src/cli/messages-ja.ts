import { databaseJapanese } from './database-ja.ts';
import { mcpJapanese } from './mcp-ja.ts';
import type { Messages } from './messages.ts';
import { operatingJapanese } from './operating-ja.ts';
import { reportTalkJapanese } from './report-ja.ts';
import { simulateJapanese } from './simulate-ja.ts';
import { tokenJapanese } from './token-ja.ts';
import { vizJapanese } from './viz-ja.ts';
import { workerJapanese } from './worker-messages.ts';

/** The quoted parts of a message of commander, which speaks English only: `unknown option '--foo'`. */
function quotedIn(message: string): string {
  return message.match(/'[^']*'/g)?.join(' ') ?? '';
}

const usageFaults: Readonly<Record<string, string>> = {
  'commander.unknownOption': '不明なオプションです',
  'commander.unknownCommand': '不明なコマンドです',
  'commander.missingArgument': '引数が足りません',
  'commander.excessArguments': '引数が多すぎます',
  'commander.optionMissingArgument': 'オプションの値がありません',
  'commander.invalidArgument': '値が正しくありません',
};

/** What the command line says, in Japanese. */
export const japanese: Messages = {
  help: {
    program: 'Koubou (工房): LLM の仕事をワーカーに割り振ります。受け付けたタスクはディスクに保存済みです。',
    version: 'バージョンを表示',
    help: 'ヘルプを表示',
    examples: '例:',
    titles: {
      'Usage:': '使い方:',
      'Arguments:': '引数:',
      'Options:': 'オプション:',
      'Commands:': 'コマンド:',
    },
    environment: `環境変数:
  KOUBOU_HOME       データベース・ログ・結果のフォルダー（既定: ここの .koubou）
  KOUBOU_CONFIG     設定のフォルダー（既定: ホームの config、無ければ付属の設定）
  KOUBOU_URL        接続先のサーバー（既定: ホームのサーバー）
  KOUBOU_API_TOKEN  サーバーが求めるトークン
  NO_COLOR          色を付けない

終了コード: 0 成功、1 タスクまたはサーバーの失敗、2 コマンドラインまたは設定の誤り`,
    json: 'JSON で出力',
    init: 'ホームを用意（設定、エディター用スキーマ、起動・停止スクリプト）',
    force: '既存のファイルを置き換える（元は <名前>.bak に残す）',
    start: 'サーバーを起動（フォアグラウンドまたはバックグラウンド）',
    background: '準備ができたら戻る',
    demoWorkers: 'デモ: 全ワーカーが仮の文章を返す（モデルは使わない）',
    stop: 'サーバーを停止。実行中のタスクは drain_grace_seconds まで待ち、残りは次回の起動時に続行',
    kill: 'すぐに強制終了。受け付けたタスクは失われず、実行中のものは最初からやり直し',
    restart: '停止してバックグラウンドで起動（デモはデモのまま）',
    status: 'サーバーとプールの状態を表示',
    delegate: 'タスクを依頼。プロンプトに - を指定すると標準入力から読む',
    sync: '完了を待って回答を表示',
    follow: '回答を生成中から順に表示',
    priority: '優先度 1〜10、10 が最優先（既定: 5）',
    type: 'general、code_generation、documentation など（既定: general）',
    model: 'ワーカーでのモデル名',
    timeout: '1 回の試行の上限（秒）',
    file: 'タスクのファイル（複数回指定可）',
    outputFile: '回答の保存先（サーバーのホームの outputs/ 以下）',
    delay: '開始までの待ち時間（秒）',
    tasks: 'タスクを新しい順に一覧表示',
    statusFilter: 'この状態のものだけ',
    limit: '件数',
    cursor: '次のページ（前のページが示す値）',
    task: 'タスクと回答を表示',
    cancel: 'タスクを取り消す。ID と状態を表示',
    retry: '終了したタスクを新しいタスクとして再実行（ID か --failed で指定）。新しい ID を表示',
    workers: 'ワーカーの一覧と個別の操作',
    logs: 'ホームのログを表示。ワーカー名、server、pool を指定可（既定: server と pool）',
    followLog: '新しい行を待って表示し続ける',
    lines: '表示する末尾の行数',
    doctor: '環境を点検し、問題があれば対処方法を表示',
    config: '設定',
    configCheck: '設定を検査。誤りはファイル名・行・列つきで表示',
    db: 'データベース',
    dbBackup: 'サーバーを止めずにデータベースを複製し、検査する',
    demo: 'モデル無しで試す。デモ用ワーカーのサーバーを起動してタスクを 1 件依頼',
    once: '回答を表示したら終了',
  },
  fields: {
    server: 'サーバー',
    pid: 'PID',
    startedAt: '起動',
    pool: 'プール',
    workers: '稼働ワーカー',
    running: '実行中',
    waiting: '待機中',
    tasks: 'タスク数',
    task: 'タスク',
    status: '状態',
    type: '種別',
    priority: '優先度',
    worker: 'ワーカー',
    created: '受付',
    prompt: 'プロンプト',
    attempts: '試行回数',
    runAt: '開始予定',
    begun: '開始',
    ended: '終了',
    error: 'エラー',
    liveness: '生存',
    location: '場所',
    model: 'モデル',
    completed: '完了',
    failed: '失敗',
    lastHeartbeat: '最後の応答',
    currentTask: '実行中のタスク',
  },
  talk: {
    usage: (code, message) => {
      const fault = usageFaults[code];
      const said = fault === undefined ? message : `${fault}: ${quotedIn(message)}`;
      const advice = code === 'commander.invalidArgument' ? `（${message}）` : '';
      return `${said}${advice}\n使い方: koubou --help`;
    },
    noCommand: 'コマンドを指定してください。使い方: koubou --help',
    wholeNumber: (min, max) =>
      max === Number.MAX_SAFE_INTEGER ? `${min} 以上の整数` : `${min} から ${max} までの整数`,
    seconds: '秒数を指定してください',
    unexpected: (stack) => `想定外のエラーです。Koubou の不具合と思われます:\n${stack}`,
    configInvalid: '設定に誤りがあります:',
    notUrl: (text) => `KOUBOU_URL が http:// または https:// の URL ではありません: ${text}`,
    notRunning: (url) => `${url} でサーバーが応答しません。起動するには: koubou start`,
    notRunningHere: 'このホームのサーバーは動いていません。',
    connectionBroke: (url, reason) => `${url} との接続が切れました（${reason}）。`,
    notKoubou: (url) => `${url} で応答しているのは Koubou ではありません。`,
    tokenAdvice: 'KOUBOU_API_TOKEN にサーバーのトークンを設定してください',
    lostWhileFollowing: (message, id) => `${message} タスクの状態は後で確認してください: koubou task ${id}`,
    laidOut: {
      created: '作成',
      kept: '既存のまま（--force で置き換え）',
      unchanged: '変更なし',
      replaced: '置き換え',
    },
    initNext:
      '次に config/workers.yaml にワーカーを書き、koubou doctor で点検してから koubou start で起動します。',
    demoWarning:
      'デモです。モデルは使いません。このホームで待っているものも含め、全タスクが仮の文章（その旨を明記）で完了します。',
    ready: (version) => `Koubou ${version} の準備ができました。`,
    howToStop: 'Ctrl-C で停止します。',
    starting: '起動中…',
    startedWithPid: (pid) => `Koubou の準備ができました。PID ${pid}`,
    alreadyRuns: (pid) =>
      `このホームではすでに動いています${pid === null ? '' : `（PID ${pid}）`}。停止するには: koubou stop`,
    startFailed: 'サーバーを起動できませんでした:',
    stillStarting: (pid, file) =>
      `プロセス ${pid} はまだ準備中です。${file} と koubou status で確認してください。`,
    stopping: '停止中: 実行中のタスクの完了を待ちます。もう一度でただちに停止します。',
    stopped: '停止しました。',
    forced:
      'ただちに停止しました。実行中だったタスクは次回の起動時にやり直します。失われたものはありません。',
    stoppingPid: (pid) => `プロセス ${pid} の終了を待っています…`,
    pressAgain: 'サーバーは停止処理中です。もう一度 Ctrl-C で強制終了します。',
    stillStopping: (pid) => `プロセス ${pid} がまだ終了しません。強制終了するには: koubou stop --force`,
    mayNotStop: (pid) => `プロセス ${pid} は別のユーザーのものです。そのユーザーが停止してください。`,
    stranger:
      'このホームは使用中ですが、run/koubou.pid のプロセスではありません。起動・停止の途中か（もう一度お試しください）、他のツールが run/koubou.lock を開いています。',
    emptyPrompt: 'プロンプトが空です。',
    taskGoesOn: (id) => `タスクは続行します。確認: koubou task ${id}   取り消し: koubou cancel ${id}`,
    progressOf: (id, fact) => `${id}  ${fact} …`,
    reconnecting: '接続が切れました。再接続中…',
    attemptFailed: (reason) => `この試行は失敗しました（${reason}）。次の試行を待ちます。`,
    wholeAnswer: '上に表示できなかった部分があるため、回答の全文を表示します:',
    taskEnded: (id, status, error) => `${id} ${status}${error === null ? '' : `: ${error}`}`,
    shownOf: (shown, total) => `${total} 件中 ${shown} 件`,
    nextPage: (cursor) => `続き: --cursor ${cursor}`,
    noLogs: (folder) => `ログはまだありません（${folder} がありません）。`,
    noSuchLog: (name, names) => `「${name}」のログはありません。指定できるもの: ${names}`,
    noDatabase: (file) => `データベースはまだありません: ${file}`,
    backupExists: (file) => `${file} は既にあるため、上書きしません。`,
    backingUp: '複製中…',
    backedUp: (tasks, bytes) => `タスク ${tasks} 件、${bytes} バイト、検査済み。`,
    otherPort: (message) => `${message} デモは空いているポートを使います。`,
    tryThese: '別のターミナルで試せます:',
  },
  doctor: {
    states: { ok: '正常', warning: '注意', broken: '問題' },
    nodeAdvice: (version) => `Node.js ${version} 以降を入れてください`,
    homeNotYet: (home) => `${home}（未作成）`,
    homeAdvice: '権限を直すか、KOUBOU_HOME を設定してください',
    notWritable: (folder) => `${folder} に書き込めません`,
    free: (mebibytes) => `空き ${mebibytes} MiB`,
    diskAdvice: '空き容量を増やしてください。満杯になるとタスクを受け付けません',
    databaseNotYet: (file) => `${file}（未作成）`,
    databaseAdvice:
      'サーバーを止め、db/ の写しを取ってから、バックアップ（koubou db backup で作成）に置き換えてください',
    newerDatabase: 'テーブルがこのバージョンのものではありません',
    newerAdvice: '作成したバージョンの Koubou を入れるか、KOUBOU_HOME で別のホームを指定してください',
    oldDatabase: (count) => `次回の起動時に ${count} 件の移行を行います`,
    configAdvice: '上の行を直し、koubou config check で確認してください',
    serverRuns: (pid, url) => `このホームのサーバーが稼働中（PID ${pid}、${url}）`,
    portFree: (address) => `${address} は空いています`,
    portTaken: (address, code) => `${address} は使えません（${code}）`,
    portAdvice: (port) =>
      `使用中のプログラム（lsof -i :${port} で確認）を終了するか、koubou.yaml の ports.rest か KOUBOU_MCP_PORT で別のポートにしてください`,
    noWorkers: 'ワーカーが設定されていません',
    noWorkersAdvice: 'config/workers.yaml に追加してください。それまでタスクは受け付けて待機します',
    demoWorker: 'デモ: 仮の文章',
    endpointAdvice: (url) => `サーバーを起動する（ollama serve）か、アドレスを直してください: ${url}`,
    modelMissing: (url, model) => `${url} にモデル ${model} がありません`,
    modelAdvice: (model) => `取得してください: ollama pull ${model}`,
    openaiAdvice: (url) => `サーバーを起動するか、アドレスか api_key を直してください: ${url}`,
    openaiModelAdvice:
      'この中のどれかをワーカーの model に指定してください。どの名前でも受け付けるサーバーならそのままで構いません',
    programAdvice: (program) =>
      `インストールするか、ワーカーの command（現在 ${program}）を直してください。PATH にないときはフォルダーも含めて書きます`,
    modelsUntold: (model) =>
      `サーバーがモデルの一覧を返しません。モデル ${model} を使えるかは、タスクを依頼すると分かります`,
  },
  mcp: mcpJapanese,
  operating: operatingJapanese,
  report: reportTalkJapanese,
  database: databaseJapanese,
  simulate: simulateJapanese,
  token: tokenJapanese,
  viz: vizJapanese,
  worker: workerJapanese,
};
