/** What `koubou token` says, in English; the catalogue takes it in as `token`. */
export const tokenEnglish = {
  help: {
    token: 'tokens that clients and workers present: create, list, revoke',
    create: 'make a token and print it, this once; it holds at once, whether the server runs or not',
    list: 'show which tokens there are, what they are good for, and when they were used last',
    revoke: 'end a token at once, with all connections that were opened with it',
    scope: 'what it is good for: submit, read, admin (both, and more) or worker; may be given several times',
    expires: 'how long it holds: 12h, 30d, 1y or never (default: never)',
  },
  fields: {
    id: 'ID',
    name: 'NAME',
    scopes: 'SCOPES',
    created: 'CREATED',
    used: 'LAST USED',
    state: 'STATE',
  },
  states: {
    live: 'valid',
    expired: 'expired',
    revoked: 'revoked',
    until: (time: string) => `valid until ${time}`,
  },
  scopeChoice: (scopes: string) => `one of ${scopes}`,
  span: 'a time such as 12h, 30d or 1y, at most ten years, or never',
  badName: 'The name of a token is one line of at most 100 characters.',
  shownOnce: (id: string) =>
    `This is shown once; keep it where secrets are kept. To end it: koubou token revoke ${id}`,
  howToUse:
    'Clients send it as "Authorization: Bearer …"; the koubou command takes it from KOUBOU_API_TOKEN.',
  howToJoin: 'The worker takes it from WORKER_AUTH_TOKEN.',
  nowAsked: 'From now on every client is asked for a token, on this machine, too.',
  none: 'There are no tokens.',
  unknown: (id: string) => `There is no such token: ${id}. To see them: koubou token list`,
  revoked: (name: string) => `${name} is revoked.`,
  nobodyAsked:
    'That was the last one: clients of this machine are let in without a token again, and no others.',
};
