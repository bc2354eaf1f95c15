import type { Context } from 'hono';
import { html } from 'hono/html';

const texts = {
  en: {
    title: 'Sign in to Koubou',
    label: 'Token',
    advice: 'The KOUBOU_API_TOKEN of the server, or a token made by "koubou token create".',
    submit: 'Sign in',
  },
  ja: {
    title: '工房にログイン',
    label: 'トークン',
    advice: 'サーバーの KOUBOU_API_TOKEN、または「koubou token create」で作ったトークンを入力してください。',
    submit: 'ログイン',
  },
} as const;

/** The page that asks for a token, in the language of the browser. It works without scripts. */
export function loginPage(c: Context, fault: string | null) {
  const isJapanese = (c.req.header('accept-language') ?? '').trim().toLowerCase().startsWith('ja');
  const language = isJapanese ? 'ja' : 'en';
  const text = texts[language];
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/login.css">
<title>${text.title}</title>
</head>
<body>
<main>
<h1>${text.title}</h1>
<form method="post" action="/login">
<label for="token">${text.label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="advice">
<p id="advice">${text.advice}</p>
${fault === null ? '' : html`<p role="alert">${fault}</p>`}
<button type="submit">${text.submit}</button>
</form>
</main>
</body>
</html>`;
}

/** Of the login page alone: the page itself brings its own. */
export const loginStyle = `:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 1rem }
main { max-width: 24rem }
input, button { font: inherit; padding: .5rem .75rem; width: 100%; box-sizing: border-box }
[role=alert] { color: light-dark(#a82020, #f29a9a) }
`;
