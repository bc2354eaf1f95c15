/** What `koubou mcp` says, in English; the catalogue takes it in as `mcp`. */
export const mcpEnglish = {
  help: {
    mcp: 'speak MCP on stdin and stdout with the tools of the server that runs: for clients that know nothing else',
    server: 'URL of the server (default: KOUBOU_URL, else the one that runs on this home)',
  },
  noAnswer: (url: string, status: number) => `${url} has not answered as MCP does (HTTP ${status}).`,
  unanswered: (url: string) => `${url} has ended its answer without the answer; ask again.`,
  back: (url: string) => `The server at ${url} answers.`,
  unreadable: (detail: string) => `A line of stdin is not a message of MCP: ${detail}`,
};
