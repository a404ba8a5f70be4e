import { signal } from '@preact/signals';

export interface Page {
  readonly path: string;
  readonly title: string;
  /** What it watches, besides the visitor's own cart and devices. */
  readonly topics: readonly string[];
}

export const PAGES = [
  { path: '/', title: 'Shop', topics: ['shop'] },
  { path: '/account', title: 'Account', topics: ['shop'] },
  { path: '/limits', title: 'Rate limits', topics: ['limits'] },
  { path: '/functions', title: 'Functions', topics: ['functions'] },
] as const satisfies readonly Page[];

export type Path = (typeof PAGES)[number]['path'];

/** The path of the page in view. */
export const route = signal<Path>(pathOf(location.pathname));

addEventListener('popstate', () => {
  route.value = pathOf(location.pathname);
});

export function goTo(path: Path): void {
  if (path === route.value) return;
  history.pushState(null, '', path);
  route.value = path;
  // a reader hears where they are, as after loading a page
  document.title = `${titleOf(path)} · The shop`;
  document.querySelector('main')?.focus();
  scrollTo(0, 0);
}

export function topicsOf(path: Path): string {
  return PAGES.find((page) => page.path === path)?.topics.join() ?? 'shop';
}

function titleOf(path: Path): string {
  return PAGES.find((page) => page.path === path)?.title ?? 'Shop';
}

function pathOf(pathname: string): Path {
  return PAGES.find(({ path }) => path === pathname)?.path ?? '/';
}
