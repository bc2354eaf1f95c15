import type { ComponentChildren } from 'preact';
import { facts } from './doors.ts';
import { chooseLanguage, language } from './language.ts';
import { caughtUp, liveState } from './live-connection.ts';
import { hrefOf, route } from './route.ts';
import { shellWords } from './shell-words.ts';
import { switchTheme } from './theme.ts';

const places = ['overview', 'tasks', 'workers', 'actors', 'report'] as const;

/** What stands around every page: where one can go, and whether what is shown is live. */
export function Shell({ children }: { children: ComponentChildren }) {
  const words = shellWords.value;
  const here = route.value.path[0] ?? 'overview';
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        {words.skip}
      </button>
      <header class="top">
        <a class="brand" href={hrefOf(['overview'])}>
          <span lang="ja">工房</span> Koubou
        </a>
        <nav aria-label={words.title}>
          {places.map((place) => (
            <a key={place} href={hrefOf([place])} aria-current={here === place ? 'page' : undefined}>
              {words[place]}
            </a>
          ))}
        </nav>
        <LiveMark />
        <div class="switches">
          <button
            type="button"
            lang={language.value === 'en' ? 'ja' : 'en'}
            onClick={() => chooseLanguage(language.value === 'en' ? 'ja' : 'en')}
          >
            {words.language}
          </button>
          <button type="button" onClick={switchTheme} aria-label={words.theme} title={words.theme}>
            ◐
          </button>
          {facts.isSignedIn && (
            <form method="post" action="/logout">
              <button type="submit">{words.signOut}</button>
            </form>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** The hash is for places, so the jump is made by hand. */
function skip(): void {
  document.getElementById('main')?.focus();
}

function LiveMark() {
  const words = shellWords.value;
  const isBack = liveState.value === 'live' && caughtUp.value > 0;
  return (
    <p class={`live ${liveState.value}`} role="status">
      {isBack ? words.resumed(caughtUp.value) : words[liveState.value]}
    </p>
  );
}
