import type { mcpEnglish } from './mcp-en.ts';

/** What `koubou mcp` says, in Japanese. */
export const mcpJapanese: typeof mcpEnglish = {
  help: {
    mcp: '動いているサーバーのツールを、標準入出力の MCP で使えるようにする（stdio しか話せないクライアント用）',
    server: 'サーバーの URL（既定: KOUBOU_URL、なければこのホームで動いているサーバー）',
  },
  noAnswer: (url, status) => `${url} の応答は MCP の形式ではありません（HTTP ${status}）。`,
  unanswered: (url) => `${url} の応答が、結果のないまま終わりました。もう一度お試しください。`,
  back: (url) => `${url} のサーバーが応答しています。`,
  unreadable: (detail) => `標準入力の行が MCP のメッセージではありません: ${detail}`,
};
