import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { link } from '../live/state.js';

/**
 * A page whose code is loaded when it is opened first. Where that fails, it is tried again as soon as the shop is there.
 *
 * @param load Imports it.
 */
export function lazyPage(load: () => Promise<ComponentType>): ComponentType {
  const loaded = signal<ComponentType | undefined>(undefined);
  const failed = signal(false);
  const open = () => {
    failed.value = false;
    load().then(
      (page) => (loaded.value = page),
      () => (failed.value = true),
    );
  };
  return function LazyPage() {
    const isOpen = link.value === 'open';
    useEffect(() => {
      if (!loaded.value) open();
    }, [isOpen]);
    const Page = loaded.value;
    if (Page) return <Page />;
    if (!failed.value) return <p aria-busy="true">Opening this page.</p>;
    return (
      <p role="alert">
        This page could not be loaded.{' '}
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </p>
    );
  };
}
