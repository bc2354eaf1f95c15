import { wordsOf } from './language.ts';

const en = {
  title: 'Koubou',
  overview: 'Overview',
  tasks: 'Tasks',
  workers: 'Workers',
  actors: 'State charts',
  report: 'Report',
  language: '日本語',
  theme: 'Dark or light',
  skip: 'Skip to content',
  signOut: 'Sign out',
  live: 'live',
  connecting: 'connecting…',
  lost: 'connection lost, trying again',
  resumed: (count: number) => `connected again; ${count} events were caught up with`,
  notFound: 'There is nothing here. The menu above shows what there is.',
  failed: (message: string) => `This could not be loaded: ${message}`,
  again: 'Try again',
  nothing: 'Nothing here yet.',
};

const ja: typeof en = {
  title: '工房',
  overview: '概要',
  tasks: '仕事',
  workers: '職人',
  actors: '状態遷移図',
  report: '報告書',
  language: 'English',
  theme: '明暗の切替',
  skip: '本文へ移動',
  signOut: 'ログアウト',
  live: '接続中',
  connecting: '接続しています…',
  lost: '接続が切れました。再接続しています',
  resumed: (count: number) => `再接続しました。${count} 件の出来事を取り込みました`,
  notFound: 'ここには何もありません。上のメニューから選んでください。',
  failed: (message: string) => `読み込めませんでした:${message}`,
  again: 'もう一度',
  nothing: 'まだ何もありません。',
};

/** 親方 is the master that delegates, 職人 a worker, 仕事 a task. */
export const shellWords = wordsOf({ en, ja });
