import type { Messages } from './messages.ts';

/** `koubou db` の言葉。 */
export const databaseJapanese: Messages['database'] = {
  help: {
    status: 'データベースに残っているものと、ファイルの大きさを表示する',
    vacuum: 'データベースの空き領域をディスクに返す(サーバーの動作中でも停止中でも)',
  },
  fields: {
    file: 'ファイル',
    free: 'うち空き',
    log: 'ログファイル',
    tasks: 'タスク',
    oldest: '最も古い終了',
    record: '記録',
    deleted: '削除済み',
    kept: '保存の設定',
  },
  record: (from, to, since) => `イベント ${from}～${to}(${since} 以降は欠けなし)`,
  deleted: (tasks, events) => `タスク ${tasks} 件、イベント ${events} 件`,
  policy: (days, tasks, events) =>
    `${days} 日、終了タスク ${tasks} 件、イベント ${events} 件(koubou.yaml の retention)`,
  forEver: '無制限',
  unshrinkable:
    '古い版が作ったファイルのため、動作中は縮められません。サーバーを止めてから koubou db vacuum を実行してください。',
  rewriting: 'ファイルを書き直しています…',
  vacuumed: (given, left) => `${given} MiB を返しました。ファイルは ${left} MiB です。`,
};
