import '../functions/functions.css';
import '../limits/limits.css';
import { AccountPage } from '../account/account-page.js';
import { cart, visitor } from '../live/state.js';
import { ShopPage } from '../products/shop-page.js';
import { Connection } from './connection.js';
import { lazyPage } from './lazy-page.js';
import { Notices } from './notices.js';
import { goTo, PAGES, type Path, route } from './route.js';

const FunctionsPage = lazyPage(async () => (await import('../functions/functions-page.js')).FunctionsPage);
const LimitsPage = lazyPage(async () => (await import('../limits/limits-page.js')).LimitsPage);

const VIEWS: Readonly<Record<Path, () => preact.JSX.Element>> = {
  '/': () => <ShopPage />,
  '/account': () => <AccountPage />,
  '/limits': () => <LimitsPage />,
  '/functions': () => <FunctionsPage />,
};

export function App() {
  const View = VIEWS[route.value];
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Header />
      <Connection />
      <main id="main" tabIndex={-1}>
        <View key={route.value} />
      </main>
      <Notices />
    </>
  );
}

function Header() {
  const count = cart.value?.itemCount ?? 0;
  return (
    <header>
      <p class="brand">The shop</p>
      <nav aria-label="Pages">
        {PAGES.map(({ path, title }) => (
          <a
            key={path}
            href={path}
            aria-current={route.value === path ? 'page' : undefined}
            onClick={(event) => {
              // a click with a key goes where the browser takes it
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              goTo(path);
            }}
          >
            {title}
          </a>
        ))}
      </nav>
      <p class="who">
        <span data-testid="user">{visitor.value?.user ?? 'guest'}</span>
        <a class="cart-link" href="/#cart-title" aria-label={`Cart, ${count} items`}>
          Cart <b>{count}</b>
        </a>
      </p>
    </header>
  );
}
