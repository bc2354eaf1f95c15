import type { tokenEnglish } from './token-en.ts';

/** `koubou token` の日本語。 */
export const tokenJapanese: typeof tokenEnglish = {
  help: {
    token: 'クライアントとワーカーが示すトークンの作成・一覧・失効',
    create: 'トークンを作って一度だけ表示する。サーバーの稼働中でも停止中でもすぐに有効',
    list: 'トークンの一覧。権限と最後に使われた日時を表示',
    revoke: 'トークンを直ちに失効させ、それで開かれた接続もすべて切る',
    scope: '権限: submit、read、admin（両方を含む）、worker。複数指定可',
    expires: '有効期間: 12h、30d、1y または never（既定: never＝無期限）',
  },
  fields: {
    id: '識別子',
    name: '名前',
    scopes: '権限',
    created: '作成',
    used: '最終使用',
    state: '状態',
  },
  states: {
    live: '有効',
    expired: '期限切れ',
    revoked: '失効',
    until: (time) => `${time} まで有効`,
  },
  scopeChoice: (scopes) => `次のいずれか: ${scopes}`,
  span: '12h、30d、1y のような期間（最長 10 年）または never を指定してください',
  badName: 'トークンの名前は 100 文字までの 1 行で指定してください。',
  shownOnce: (id) =>
    `表示されるのは今回だけです。安全な場所に保管してください。失効させるには: koubou token revoke ${id}`,
  howToUse:
    'クライアントは "Authorization: Bearer …" で送ります。koubou コマンドは KOUBOU_API_TOKEN から読みます。',
  howToJoin: 'ワーカーは WORKER_AUTH_TOKEN から読みます。',
  nowAsked: '今後はこのマシンを含むすべてのクライアントにトークンが必要です。',
  none: 'トークンはありません。',
  unknown: (id) => `そのトークンはありません: ${id}。一覧は: koubou token list`,
  revoked: (name) => `${name} を失効させました。`,
  nobodyAsked: '最後のトークンでした。このマシンのクライアントだけが、再びトークンなしで使えます。',
};
