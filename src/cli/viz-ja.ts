import type { vizEnglish } from './viz-en.ts';

/** What `koubou viz` says, in Japanese. */
export const vizJapanese: typeof vizEnglish = {
  help: {
    viz: 'ダッシュボードの状態遷移図を開く（全体、またはアクター 1 つの一生）',
    seq: '表示する時点（イベントの seq）',
    noOpen: 'アドレスの表示だけにする',
  },
  notActor: (name) =>
    `${name} はアクターの名前ではありません。pool、worker:ID、endpoint:ORIGIN、execution:割り当て番号、または仕事の ID を指定してください。`,
  seqAlone: '--seq はアクターと一緒に指定してください。',
  notRunning:
    'このホームで動いているサーバーがありません。状態遷移図はサーバーのページです。起動するには: koubou start',
};
